"""One shard's activations in neuron order, and its neurons' sums and tops, until all are merged.

Plain arrays, six bytes a row: any layer's range of neurons is read without the rest, and nothing
stays mapped.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kn_assets.atlas.activations.top import Top
from kn_assets.atlas.forward.tokens import TokenizedPrompts

_FILES = {
    "prompts": np.int32,
    "positions": np.int16,
    "sinks": np.bool_,
    "tokens": np.uint16,
    "values": np.float32,
}


@dataclass(frozen=True)
class Spill:
    """The folder of a shard. Tokens are numbered as in the shard's prompts."""

    folder: Path

    def write_tokens(self, prompts: TokenizedPrompts, sinks: np.ndarray) -> None:
        """Keep what prompt and position each token has, and whether it is a sink, bool [tokens]."""
        prompts.token_prompts.tofile(self._file("prompts"))
        prompts.positions.tofile(self._file("positions"))
        sinks.tofile(self._file("sinks"))

    def write_rows(
        self, edges: list[np.ndarray], tokens: list[np.ndarray], values: list[np.ndarray]
    ) -> None:
        """Keep the rows of all layers.

        Per layer, by neuron and then token: edges: [neurons + 1], where each neuron's rows begin;
        tokens: uint16 [rows]; values: float32 [rows].
        """
        before = np.cumsum([0, *(len(t) for t in tokens)])
        starts = [e.astype(np.int64) + b for e, b in zip(edges, before[:-1], strict=True)]
        np.save(self.folder / "edges.npy", np.stack(starts))
        for name, arrays in (("tokens", tokens), ("values", values)):
            with self._file(name).open("wb") as file:
                for array in arrays:
                    array.tofile(file)

    def edges(self, layer: int) -> np.ndarray:
        """Where each neuron's rows begin and the last one's end, int64 [neurons + 1]."""
        return np.array(np.load(self.folder / "edges.npy", mmap_mode="r")[layer])

    def rows(self, first: int, last: int) -> tuple[np.ndarray, ...]:
        """Prompt, position, value of the rows first..last-1, and whether their token is a sink.

        int32, int16, float32, bool [rows].
        """
        tokens = self._read("tokens", first, last)
        prompts, positions, sinks = (
            self._read(name).take(tokens) for name in ("prompts", "positions", "sinks")
        )
        return prompts, positions, self._read("values", first, last), sinks

    def write_neurons(
        self,
        count: int,
        n_fired: np.ndarray,
        sums: np.ndarray,
        squares: np.ndarray,
        tops: dict[str, list[Top]],
    ) -> None:
        """Keep statistics and the tops `high` and `low` of all layers."""
        kept = {"count": np.array(count), "n_fired": n_fired, "sums": sums, "squares": squares}
        for sign, layers in tops.items():
            kept[f"{sign}_values"] = np.stack([t.values for t in layers])
            kept[f"{sign}_tokens"] = np.stack([t.tokens for t in layers]).astype(np.int32)
        np.savez(self.folder / "neurons.npz", **kept)  # type: ignore[arg-type]

    def neurons(self) -> dict[str, np.ndarray]:
        """What `write_neurons` was given, but tokens as prompt_id * 2 ** 16 + position (int64)."""
        place = self._read("prompts").astype(np.int64) << 16 | self._read("positions")
        with np.load(self.folder / "neurons.npz") as found:
            kept = {name: found[name] for name in found.files}
        for sign in ("high", "low"):
            tokens = kept[f"{sign}_tokens"]
            kept[f"{sign}_tokens"] = np.where(tokens >= 0, place.take(tokens), -1)
        return kept

    def _read(self, name: str, first: int = 0, last: int | None = None) -> np.ndarray:
        kind = np.dtype(_FILES[name])
        n = -1 if last is None else last - first
        return np.fromfile(self._file(name), kind, n, offset=first * kind.itemsize)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.bin"
