"""What the other tables of the same run tell about a table."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

if TYPE_CHECKING:
    from kn_assets.lake import Lake, Partition

MOST_PROMPTS = 1 << 24  # ids are numbered from 0: a larger one is no prompt of any atlas


class Sinks:
    """Attention sinks by prompt and position; `n` are there.

    lengths: tokens of each prompt, int64 [prompts]; prompts, positions: int64 [n].
    """

    def __init__(self, lengths: np.ndarray, prompts: np.ndarray, positions: np.ndarray) -> None:
        self.n = len(prompts)
        self._starts = np.concatenate([[0], np.cumsum(lengths)])
        self._flags = np.zeros(int(self._starts[-1]) + 1, bool)
        self._flags[self._places(prompts, positions)] = True
        self._flags[-1] = False

    def at(self, prompts: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """Whether each token is one, bool [n]; what is no token of the atlas is none."""
        return self._flags[self._places(prompts, positions)]

    def _places(self, prompts: np.ndarray, positions: np.ndarray) -> np.ndarray:
        known = (prompts >= 0) & (prompts < len(self._starts) - 1) & (positions >= 0)
        first = self._starts.take(prompts, mode="clip")
        place = first + positions
        known &= place < self._starts.take(prompts.astype(np.int64) + 1, mode="clip")
        return np.where(known, place, len(self._flags) - 1)


class RunFacts:
    """Facts about the run that `table` is of; None where the table that knows them isn't of it.

    Two tables of a partition are of one run if their fingerprints are equal. One that stayed from
    an earlier run, with other settings, says nothing about this one.
    """

    def __init__(self, lake: Lake, partition: Partition, table: str) -> None:
        self.lake, self.partition, self.table = lake, partition, table

    def has(self, other: str) -> bool:
        """Whether another table of the partition is there and of the same run."""
        mine = self.lake.meta(self.partition, self.table)
        meta = self.lake.meta(self.partition, other) if self.partition.kind == "model" else None
        return meta is not None and mine is not None and meta["fingerprint"] == mine["fingerprint"]

    @cached_property
    def is_lazy(self) -> bool:
        """Whether the table is filled prompt by prompt, as `kn_assets.atlas.lazy_lens` does."""
        return bool((self.lake.meta(self.partition, self.table) or {}).get("lazy"))

    @cached_property
    def atlas(self) -> dict[str, Any] | None:
        """The row of `atlases`, with its settings as a dict."""
        if not self.has("atlases"):
            return None
        rows = self.lake.read(self.partition, "atlases").to_pylist()
        if len(rows) != 1:
            return None
        return {**rows[0], "settings": json.loads(rows[0]["settings"] or "{}")}

    @cached_property
    def lengths(self) -> np.ndarray | None:
        """Tokens of each prompt by its id, int64 [largest id + 1]: 0 where the atlas lacks it."""
        if not self.has("tokens"):
            return None
        ids = self.lake.read(self.partition, "tokens", ["prompt_id"]).column(0)
        known = ids.drop_null().to_numpy()
        return np.bincount(known[(known >= 0) & (known < MOST_PROMPTS)], minlength=1)

    @cached_property
    def sinks(self) -> Sinks | None:
        """Which tokens are attention sinks."""
        if self.lengths is None:
            return None
        found = self.lake.read(self.partition, "tokens", ["prompt_id", "position", "sink"])
        found = found.filter(pc.field("sink"))
        places = (found[c].to_numpy().astype(np.int64) for c in ("prompt_id", "position"))
        return Sinks(self.lengths, *places)

    @cached_property
    def thresholds(self) -> dict[int, float] | None:
        """The threshold of each layer, float32 values."""
        if not self.has("thresholds"):
            return None
        found = self.lake.read(self.partition, "thresholds")
        return dict(zip(found["layer"].to_pylist(), found["threshold"].to_pylist(), strict=True))

    @cached_property
    def density(self) -> float | None:
        """The share of activations that the thresholds aim at; None too where set by hand."""
        if not self.has("thresholds"):
            return None
        found = self.lake.read(self.partition, "thresholds", ["target_density"]).column(0)
        return min(found.drop_null().to_pylist(), default=None)
