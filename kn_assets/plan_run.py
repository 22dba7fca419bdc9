"""`kn plan`: what a run would take, out of a short calibration on a sample of its own prompts.

The sample goes through the engine itself, in a folder of its own: what an atlas takes grows with
its tokens, so rows, bytes and time are scaled by them. Times are this machine's as it is now.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kn_assets.atlas import estimate
from kn_assets.atlas.batches import batches
from kn_assets.atlas.capture import forward
from kn_assets.atlas.estimate import BYTES, Prompts, Shape, Size, told_bytes
from kn_assets.atlas.extract import NEEDS, extract
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.shard import ATTENTION, FIRED, LENS
from kn_assets.atlas.tokens import TokenizedPrompts
from kn_assets.atlas.vocabulary import neuron_vocabulary
from kn_assets.corpus_tables import TABLES_OF_CORPUS, CorpusPlan
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.launch import ATLAS_TABLES
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.models.load import LoadedModel

_SAMPLE, _FEW, _OF_LENS = 96, 32, (4, 16)  # prompts of the calibration
# Maps and concepts aren't tried: seconds of what was measured on two cores.
_A_POINT, _A_PEAK, _A_CONCEPT = 1.6e-3, 2e-7, 1.5e-6
_STAGES = ("extraction", "lens", "attention", "vocabulary", "maps", "concepts")


@dataclass(frozen=True)
class Planned:
    """What a run takes. `seconds` by stage; `concepts` are made by `kn knowledge` alone."""

    plan: AtlasPlan
    shape: Shape
    prompts: Prompts
    size: Size
    seconds: dict[str, float]

    @property
    def refusal(self) -> str:
        """Why it doesn't fit, and what to do; empty where it does."""
        return estimate.refusal(self.plan, self.size)

    def __str__(self) -> str:
        plan, prompts, size = self.plan, self.prompts, self.size
        memory = estimate.free_memory()
        lines = [
            f"atlas {plan.source.key} of corpus {plan.corpus.key}: {prompts.n:,} prompts, "
            f"{prompts.tokens:,} tokens, {self.shape.n_layers} layers of "
            f"{self.shape.n_neurons:,} neurons, {plan.dtype}, lens {plan.settings.lens}",
            "",
        ]
        for stage in _STAGES:
            note = ""
            if stage == "lens" and plan.settings.lens == "lazy":
                note = ", a prompt at a time when it is opened (--lens all: at once)"
            if stage == "concepts":
                note = ", with kn knowledge"
            lines.append(f"{stage:24}{_told_time(self.seconds[stage]):>10}{note}")
        lines += [f"{'the run':24}{_told_time(self.run_s):>10}", ""]
        for table in size.rows:
            taken = told_bytes(size.bytes[table])
            lines.append(f"{table:24}{size.rows[table]:>15,} rows{taken:>12}")
        total, spilled = told_bytes(sum(size.bytes.values())), told_bytes(size.spill)
        rows = sum(size.rows.values())
        lines += [
            f"{'all tables':24}{rows:>15,} rows{total:>12}",
            "",
            f"disk    {told_bytes(size.disk)} ({spilled} of them while it runs), "
            f"{told_bytes(estimate.free_disk(plan))} free in {plan.lake.root}",
            f"memory  {told_bytes(size.memory)}"
            + (f", {told_bytes(memory)} free" if memory is not None else ""),
            f"it doesn't fit: {self.refusal}" if self.refusal else "it fits",
        ]
        return "\n".join(lines)

    @property
    def run_s(self) -> float:
        """Seconds of what `kn run` does."""
        left = {"concepts"} | ({"lens"} if self.plan.settings.lens == "lazy" else set())
        return sum(s for stage, s in self.seconds.items() if stage not in left)


def planned(plan: AtlasPlan, corpus: CorpusPlan, progress: Progress) -> Planned:
    """Calibrate, and tell what making the atlas of `plan` takes.

    Raises KnError where the corpus would have to be fetched first, or the model can't be had.
    """
    loaded = plan.load(progress, plan.device)
    with _with_prompts(plan, corpus, progress) as source:
        prompts = source.tokenize(loaded.tokenizer, loaded.parts.context)
        texts = source.lake.read(source.corpus, "prompts")
    lengths = prompts.lengths.astype(np.int64)
    told = Prompts(len(prompts), len(prompts.ids), int((lengths * (lengths + 1) // 2).sum()))
    shape = Shape(loaded.parts.n_layers, loaded.parts.n_neurons, _weights(loaded))
    with tempfile.TemporaryDirectory(prefix="kn-plan-") as folder:
        tried = _Trial(plan, loaded, prompts, texts, Path(folder))
        fixed, a_token = tried.time(FIRED)
        seconds = {
            "extraction": fixed + a_token * told.tokens,
            "lens": tried.beside(LENS, *_OF_LENS) * told.tokens,
            "attention": tried.beside(ATTENTION, _FEW, _SAMPLE)
            * told.pairs
            / tried.pairs_a_token(),
            "vocabulary": tried.vocabulary(),
        }
        measured_rows, measured_bytes = tried.measured()
    found = estimate.size(
        plan.settings, shape, told, ATLAS_TABLES, {**BYTES, **measured_bytes}, measured_rows
    )
    peaks = measured_rows["neuron_peaks"] * told.tokens
    seconds["maps"] = _A_POINT * (shape.n_layers * shape.n_neurons + told.n) + _A_PEAK * peaks
    seconds["concepts"] = _A_CONCEPT * peaks
    # What the calibration itself took is a better floor than arithmetic.
    memory = max(found.memory, _peak_memory())
    return Planned(plan, shape, told, replace(found, memory=memory), seconds)


@dataclass(frozen=True)
class _Loaded(AtlasPlan):
    """A plan whose model is in memory already."""

    loaded: LoadedModel

    def load(self, progress: Progress, device: str = "cpu") -> LoadedModel:
        return self.loaded


class _Trial:
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
        self._made: dict[str, list[tuple[AtlasPlan, int]]] = {}  # by need, and their tokens

    def time(self, need: str) -> tuple[float, float]:
        """Seconds of a run whatever its size, and for each token."""
        self._run(need, 4)  # the first time touches memory for the first time
        (few, few_s), (many, many_s) = (self._run(need, n) for n in (_FEW, _SAMPLE))
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
        """Seconds of the bare forward pass of n prompts."""
        import torch

        start = time.perf_counter()
        with torch.inference_mode():
            for batch in batches(self._sample(n)):
                forward(self.loaded, batch.ids)
        return time.perf_counter() - start

    def vocabulary(self) -> float:
        """Seconds of `neuron_vocabulary`, by its first layer."""
        words = [""] * self.loaded.parts.vocab_size
        start = time.perf_counter()
        next(iter(neuron_vocabulary(self.loaded, words, 1, Progress())))
        return (time.perf_counter() - start) * self.loaded.parts.n_layers

    def pairs_a_token(self) -> float:
        """Pairs of positions for each token in the sample."""
        lengths = self._sample(_SAMPLE).lengths.astype(np.int64)
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
        plan = _Loaded(lake, settings, self.loaded)
        kept = np.isin(self.texts["prompt_id"].to_numpy(), rows.prompt_ids)
        lake.write(plan.corpus, "prompts", self.texts.filter(pa.array(kept)), "a sample")
        start = time.perf_counter()
        extract(plan, [t for t, of in NEEDS.items() if of == need], Progress())
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


@contextmanager
def _with_prompts(plan: AtlasPlan, corpus: CorpusPlan, progress: Progress) -> Iterator[AtlasPlan]:
    """The plan where its prompts are: in its lake, or made for the while where that's offline."""
    if plan.lake.meta(plan.corpus, "prompts") is not None:
        yield plan
        return
    if corpus.corpus.kind == "wikipedia":
        raise KnError(
            "the prompts of wikipedia aren't here yet, so what they take can't be told: `kn run "
            "--only prompts` fetches them, or plan with --corpus geonames"
        )
    with tempfile.TemporaryDirectory(prefix="kn-plan-") as folder:
        made = CorpusPlan(Lake(folder), corpus.name, corpus.wikipedia)
        for table in TABLES_OF_CORPUS:
            made.make(table, progress)
        yield AtlasPlan(Lake(folder), plan.settings)


def _taken(plan: AtlasPlan, table: str) -> int:
    """Bytes of a table's files."""
    return sum(f.stat().st_size for f in plan.lake.files(plan.model, table))


def _weights(loaded: LoadedModel) -> int:
    tensors = {p.data_ptr(): p for p in loaded.model.parameters()}
    return sum(p.numel() * p.element_size() for p in tensors.values())


def _peak_memory() -> int:
    """Bytes this process has held at most."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _told_time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
