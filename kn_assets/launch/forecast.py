"""`kn plan`: what a run would take, out of a short calibration on a sample of its own prompts.

The sample goes through the engine itself, in a folder of its own: what an atlas takes grows with
its tokens, so rows, bytes and time are scaled by them. Times are this machine's as it is now.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kn_assets.atlas import estimate
from kn_assets.atlas.estimate import BYTES, Prompts, Size, format_bytes
from kn_assets.atlas.loaded import load_model, tokenized
from kn_assets.atlas.needs import ATTENTION, FIRED, LENS
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.shape import Shape, running_on
from kn_assets.corpora.plan import CorpusPlan
from kn_assets.errors import KnError
from kn_assets.lake import Lake, disk
from kn_assets.lake.schema import ATLAS_TABLES
from kn_assets.launch.trial import OF_LENS, Trial
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.models.load import LoadedModel

# Descriptions, maps and concepts aren't tried: seconds of what was measured on two cores.
_A_POINT, _A_PEAK, _A_CONCEPT, _A_RULE = 1.6e-3, 2e-7, 1.5e-6, 1.5e-6
_STAGES = (
    "extraction",
    "lens",
    "attention",
    "vocabulary",
    "descriptions",
    "maps",
    "concepts",
)


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
            taken = format_bytes(size.bytes[table])
            lines.append(f"{table:24}{size.rows[table]:>15,} rows{taken:>12}")
        total, spilled = format_bytes(sum(size.bytes.values())), format_bytes(size.spill)
        rows = sum(size.rows.values())
        lines += [
            f"{'all tables':24}{rows:>15,} rows{total:>12}",
            "",
            f"disk    {format_bytes(size.disk)} ({spilled} of them while it runs), "
            f"{format_bytes(disk.free(plan.lake.root))} free in {plan.lake.root}",
            f"memory  {format_bytes(size.memory)}, {format_bytes(estimate.free_memory())} free",
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
    loaded = load_model(plan, progress, plan.device)
    with _with_prompts(plan, corpus, progress) as source:
        prompts = tokenized(source, loaded.tokenizer, loaded.parts.context)
        texts = source.lake.read(source.corpus, "prompts")
    lengths = prompts.lengths.astype(np.int64)
    told = Prompts(len(prompts), len(prompts.ids), int((lengths * (lengths + 1) // 2).sum()))
    parts = loaded.parts
    shape = Shape(
        parts.n_layers, parts.n_neurons, _weights(loaded), parts.d_model, **running_on(plan)
    )
    with tempfile.TemporaryDirectory(prefix="kn-plan-") as folder:
        tried = Trial(plan, loaded, prompts, texts, Path(folder))
        fixed, a_token = tried.time(FIRED)
        seconds = {
            "extraction": fixed + a_token * told.tokens,
            "lens": tried.beside(LENS, *OF_LENS) * told.tokens,
            "attention": tried.beside(ATTENTION, tried.few, tried.many)
            * (told.pairs / tried.pairs_a_token()),
            "vocabulary": 2 * tried.vocabulary(),  # by the unembedding, and by the linear lens
        }
        measured_rows, measured_bytes = tried.measured()
    found = estimate.size(
        plan.settings, shape, told, ATLAS_TABLES, {**BYTES, **measured_bytes}, measured_rows
    )
    peaks = measured_rows["neuron_peaks"] * told.tokens
    seconds["descriptions"] = _A_RULE * found.rows["activations_by_neuron"]
    seconds["maps"] = _A_POINT * (shape.n_layers * shape.n_neurons + told.n) + _A_PEAK * peaks
    seconds["concepts"] = _A_CONCEPT * peaks
    # What the calibration itself took is a better floor than arithmetic.
    memory = max(found.memory, estimate.peak_memory())
    return Planned(plan, shape, told, replace(found, memory=memory), seconds)


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
        made.make(made.tables, progress)
        yield AtlasPlan(Lake(folder), plan.settings)


def _weights(loaded: LoadedModel) -> int:
    tensors = {p.data_ptr(): p for p in loaded.model.parameters()}
    return sum(p.numel() * p.element_size() for p in tensors.values())


def _told_time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
