"""Verifying an atlas: a seeded sample of its prompts again, and whether it is within bounds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kn_assets.atlas.verification.deviations import Deviations
from kn_assets.atlas.verification.plain import Plain, lens, plain
from kn_assets.errors import KnError

if TYPE_CHECKING:
    import pyarrow as pa

    from kn_assets.atlas.plan import AtlasPlan
    from kn_assets.models.load import LoadedModel
    from kn_assets.progress import Progress

PROMPTS = 20


@dataclass(frozen=True)
class Line:
    """One quantity of the report. `most`: bound on `value`, or where `least`, from below."""

    quantity: str
    value: float
    bound: float
    least: bool = False

    @property
    def holds(self) -> bool:
        return self.value >= self.bound if self.least else self.value <= self.bound

    def __str__(self) -> str:
        word = "least" if self.least else "most"
        verdict = "" if self.holds else "  BEYOND ITS BOUND"
        return f"  {self.quantity:<48}{self.value:>10.3g}   at {word} {self.bound:g}{verdict}"


BOUNDS: dict[str, dict[str, float]] = {
    "float32": {
        "jaccard": 0.999,
        "median": 1e-4,
        "p99": 1e-3,
        "likeliest": 0.995,
        "probability_p99": 1e-4,
        "probability_max": 1e-3,
        "rank": 0.01,
        "attention": 1e-4,
        "sinks": 0.0,
    },
    "bfloat16": {
        "jaccard": 0.93,
        "median": 0.02,
        "p99": 0.2,
        "likeliest": 0.9,
        "probability_p99": 0.05,
        "probability_max": 0.5,
        "rank": 0.1,
        "attention": 0.2,
        "sinks": 0.0,
    },
}
"""What an atlas of a dtype may be off, see docs/accuracy.md for what was measured."""


@dataclass(frozen=True)
class Report:
    """How far an atlas is off; printed, one screen of text."""

    atlas: str
    dtype: str
    deviations: Deviations
    lines: list[Line]
    without: list[str]

    @property
    def holds(self) -> bool:
        return all(line.holds for line in self.lines)

    def __str__(self) -> str:
        n = self.deviations
        head = (
            f"{self.atlas}, made in {self.dtype}, against float32 through plain hooks: "
            f"{n.n_prompts:,} prompts, {n.n_tokens:,} tokens"
        )
        missing = [f"  not compared: {t}, which the atlas lacks" for t in self.without]
        verdict = "within its bounds" if self.holds else "beyond its bounds: make it again"
        return "\n".join([head, *map(str, self.lines), *missing, f"the atlas is {verdict}"])


def verify(plan: AtlasPlan, progress: Progress, n: int = PROMPTS, seed: int = 0) -> Report:
    """Compute `n` of an atlas' prompts again and compare; they are drawn by `seed`.

    Raises KnError where the atlas has no activations, thresholds and tokens, where its model can't
    be had, or where its tokens are not the ones that the model's tokenizer gives.
    """
    from kn_assets.models.load import load

    if n < 1:
        raise KnError("--prompts must be at least 1")
    needed = ("tokens", "thresholds", "activations", "atlases")
    there = {t for t in (*needed, "logit_lens", "attention") if plan.lake.meta(plan.model, t)}
    if lacking := [t for t in needed if t not in there]:
        raise KnError(
            f"atlas {plan.model.key} has no table {' and '.join(lacking)}: `kn run` makes it"
        )
    (settings,) = plan.lake.read(plan.model, "atlases", ["settings"])["settings"].to_pylist()
    dtype = json.loads(settings)["dtype"]
    progress.say(f"loading {plan.source} in float32")
    loaded = load(plan.source, plan.lake, "float32", attention="eager", progress=progress)
    calibrated = plan.lake.read(plan.model, "thresholds").sort_by("layer")
    found = Deviations()
    chosen = _chosen(plan, n, seed)
    with progress.bar("verifying", len(chosen), "prompts") as bar:
        for prompt in chosen.tolist():
            _add(found, plan, loaded, prompt, calibrated, there)
            bar.advance()
    lines = list(_lines(found, BOUNDS[dtype]))
    without = [
        t for t, rows in (("logit_lens", found.ranks), ("attention", found.attention)) if not rows
    ]
    return Report(plan.model.key, dtype, found, lines, without)


def _chosen(plan: AtlasPlan, n: int, seed: int) -> np.ndarray:
    known = np.unique(plan.lake.read(plan.model, "tokens", ["prompt_id"])["prompt_id"].to_numpy())
    return np.sort(np.random.default_rng(seed).permutation(known)[:n])


def _add(
    found: Deviations,
    plan: AtlasPlan,
    loaded: LoadedModel,
    prompt: int,
    calibrated: pa.Table,
    there: set[str],
) -> None:
    tokens = _rows(plan, "tokens", prompt).sort_by("position")
    ids = tokens["token_id"].to_numpy()
    _check_tokens(plan, loaded, prompt, ids)
    true: Plain = plain(loaded, ids)
    found.add_fired(_rows(plan, "activations", prompt), true, calibrated["threshold"].to_numpy())
    sinks = tokens["sink"].to_numpy(zero_copy_only=False)
    found.add_sinks(sinks, true, calibrated["sink_norm"].to_numpy())
    if "attention" in there:
        found.add_attention(_rows(plan, "attention", prompt), true)
    if "logit_lens" in there and len(rows := _rows(plan, "logit_lens", prompt)):
        found.add_lens(rows, ids, lambda layer: lens(loaded, true.residuals[layer]))


def _check_tokens(plan: AtlasPlan, loaded: LoadedModel, prompt: int, ids: np.ndarray) -> None:
    """Raise KnError where the tokenizer gives others for the corpus' text."""
    if plan.lake.meta(plan.corpus, "prompts") is None:
        return
    read = plan.lake.read(plan.corpus, "prompts", ["prompt_id", "text"])
    text = read.filter(pc.field("prompt_id") == prompt)["text"].to_pylist()
    if text and loaded.tokenizer(text[0])["input_ids"][: len(ids)] != ids.tolist():
        raise KnError(
            f"prompt {prompt} of atlas {plan.model.key} has other tokens than its text gives "
            "today: the corpus or the tokenizer was changed; make the atlas again"
        )


def _rows(plan: AtlasPlan, table: str, prompt: int) -> pa.Table:
    """A prompt's rows of a table, out of the files that hold them."""
    return pq.read_table(
        plan.lake.files(plan.model, table),
        filters=[("prompt_id", "=", prompt)],
        partitioning=None,
    )


def _lines(found: Deviations, bounds: dict[str, float]) -> Iterator[Line]:
    relative = np.concatenate(found.relative)
    yield Line("fired sets, Jaccard", found.jaccard, bounds["jaccard"], least=True)
    yield Line("tokens that are sinks in one alone", found.sinks_differ, bounds["sinks"])
    for name, q in (("median", 0.5), ("p99", 0.99)):
        if len(relative):
            yield Line(f"activations, relative, {name}", _quantile(relative, q), bounds[name])
    if found.ranks:
        p = np.concatenate(found.probabilities)
        yield Line(
            "lens, same likeliest token, share", found.same_likeliest, bounds["likeliest"], True
        )
        yield Line("lens, probabilities, p99", _quantile(p, 0.99), bounds["probability_p99"])
        yield Line("lens, probabilities, largest", float(p.max()), bounds["probability_max"])
        ranks = np.concatenate(found.ranks)
        if len(ranks):
            yield Line(
                "lens, rank of the next token, relative, median",
                _quantile(ranks, 0.5),
                bounds["rank"],
            )
    if found.attention:
        weights = np.concatenate(found.attention)
        yield Line("attention, largest", float(weights.max()), bounds["attention"])


def _quantile(values: np.ndarray, q: float) -> float:
    return float(np.quantile(values, q))
