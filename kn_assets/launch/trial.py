"""The engine tried on samples of a run's prompts: seconds, rows and bytes to scale by."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kn_assets.atlas.extract import extract
from kn_assets.atlas.forward.capture import device_of
from kn_assets.atlas.forward.forward_only import forward_only
from kn_assets.atlas.forward.streams import n_streams
from kn_assets.atlas.forward.tokens import TokenizedPrompts
from kn_assets.atlas.forward.vocabulary import neuron_vocabulary
from kn_assets.atlas.needs import ATTENTION, FIRED, LENS, NEEDS
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.lake import Lake
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.models.load import LoadedModel

FEW, MANY = 32, 64  # prompts of the samples, for each stream of the model
OF_LENS = (4, 16)  # where the lens is wanted, which takes so long that a stream's worth will do


class Trial:
    """The engine on samples of the prompts, in a lake of its own."""

    def __init__(
        self,
        plan: AtlasPlan,
        loaded: LoadedModel,
        prompts: TokenizedPrompts,
        texts: pa.Table,
        folder: Path,
    ) -> None:
        self.plan, self.loaded, self.prompts = plan, loaded, prompts
        self.texts, self.folder = texts, folder
        # One stream's worth is too few: the files' headers would weigh more than their rows.
        streams = max(2, n_streams(device_of(loaded)))
        self.few, self.many = FEW * streams, MANY * streams
        self._made: dict[str, list[tuple[AtlasPlan, int]]] = {}  # by need, and their tokens

    def time(self, need: str) -> tuple[float, float]:
        """Seconds of a run whatever its size, and for each token."""
        self._run(need, 4)  # the first time touches memory for the first time
        (few, few_s), (many, many_s) = (self._run(need, n) for n in (self.few, self.many))
        if many <= few:
            return 0.0, many_s / many
        a_token = max(many_s - few_s, 0.1 * many_s) / (many - few)
        return max(0.0, many_s - a_token * many), a_token

    def beside(self, need: str, few: int, many: int) -> float:
        """Seconds for each token of what is done beside the forward pass."""
        tokens, seconds = [], []
        for n in (few, many):
            found = self._run(need, n)
            tokens.append(found[0])
            seconds.append(found[1] - self._forward(n))
        if tokens[1] <= tokens[0]:
            return max(0.0, seconds[1]) / tokens[1]
        return max(0.0, seconds[1] - seconds[0]) / (tokens[1] - tokens[0])

    def _forward(self, n: int) -> float:
        """Seconds of the bare forward pass of n prompts, in the streams of a run."""
        start = time.perf_counter()
        forward_only(self.loaded, self._sample(n), streams=True)
        return time.perf_counter() - start

    def vocabulary(self) -> float:
        """Seconds of `neuron_vocabulary`, by its first layer."""
        words = [""] * self.loaded.parts.vocab_size
        start = time.perf_counter()
        next(iter(neuron_vocabulary(self.loaded, words, 1, Progress())))
        return (time.perf_counter() - start) * self.loaded.parts.n_layers

    def pairs_a_token(self) -> float:
        """Pairs of positions for each token in the sample."""
        lengths = self._sample(self.many).lengths.astype(np.int64)
        return float((lengths * (lengths + 1) // 2).sum() / lengths.sum())

    def measured(self) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
        """Of the tables that grow with the prompts: rows a token; bytes, and bytes a row besides.

        Dictionaries and footers weigh on small files: what a row adds is told by two samples.
        """
        rows, sizes = {}, {}
        for need, table in (
            (FIRED, "activations"),
            (FIRED, "activations_by_neuron"),
            (FIRED, "neuron_peaks"),
            (ATTENTION, "attention"),
            (LENS, "logit_lens"),
        ):
            (few, few_size), (many, many_size) = (
                (plan.rows(table), _taken(plan, table)) for plan, _ in self._made[need][-2:]
            )
            if many > few:
                a_row = (many_size - few_size) / (many - few)
                sizes[table] = max(0.0, many_size - a_row * many), a_row
            else:
                sizes[table] = 0.0, many_size / max(1, many)
            if need == FIRED:
                rows[table] = many / self._made[need][-1][1]
        return rows, sizes

    def _run(self, need: str, n: int) -> tuple[int, float]:
        """Make the tables of a need of n prompts: tokens, and seconds."""
        rows = self._sample(n)
        lake = Lake(self.folder / f"{need}-{n}")
        settings = replace(self.plan.settings, limit=None, dtype=self.plan.dtype)
        plan = AtlasPlan(lake, settings)
        kept = np.isin(self.texts["prompt_id"].to_numpy(), rows.prompt_ids)
        lake.write(plan.corpus, "prompts", self.texts.filter(pa.array(kept)), "a sample")
        start = time.perf_counter()
        extract(plan, [t for t, of in NEEDS.items() if of == need], Progress(), self.loaded)
        seconds = time.perf_counter() - start
        self._made.setdefault(need, []).append((plan, len(rows.ids)))
        return len(rows.ids), seconds

    def _sample(self, n: int) -> TokenizedPrompts:
        """n prompts, evenly out of all."""
        chosen = np.unique(np.linspace(0, len(self.prompts) - 1, n).astype(int))
        starts = self.prompts.starts
        return TokenizedPrompts(
            self.prompts.prompt_ids[chosen],
            self.prompts.lengths[chosen],
            np.concatenate([self.prompts.ids[starts[i] : starts[i + 1]] for i in chosen]),
        )


def _taken(plan: AtlasPlan, table: str) -> int:
    """Bytes of a table's files."""
    return sum(f.stat().st_size for f in plan.lake.files(plan.model, table))
