"""`kn bench circuits`: what a fact's units carry on prompts they weren't chosen on, and how well
estimates foretell patching.

Facts are drawn evenly over a relation's list, and those that the model knows in two wordings are
taken. A fact's units are chosen in one wording, on the mean of three contrasts, and measured in
another, on contrasts of other subjects: medians over facts, with quartiles. Estimates are compared
with patching each unit alone: Pearson's correlation over the strongest units by the estimate and
as many random ones, median over pairs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.bench.result import Figure, Result
from kn_assets.errors import KnError
from kn_assets.knowledge.circuits.settings import METHODS, CircuitSettings
from kn_assets.lake import Lake
from kn_assets.models import embedded
from kn_assets.progress import TerminalProgress

if TYPE_CHECKING:
    from kn_assets.atlas.direct.layout import Layout
    from kn_assets.knowledge.circuits.cases import Case
    from kn_assets.knowledge.circuits.curves import Measure
    from kn_assets.knowledge.circuits.pair import Pair

RELATION = "city-country"
STRONGEST, RANDOM = 200, 200
KEPT = 1000
_LOST = {
    "lost_heldout": ("circuit", True),
    "lost_heldout_other_fact": ("other_fact", True),
    "lost_heldout_matched": ("activation_matched", True),
    "lost_heldout_random": ("random", True),
    "lost_heldout_change": ("largest_change", True),
    "lost_heldout_same_subject": ("circuit", False),
    "lost_specific": ("specific", True),
    "lost_specific_same_subject": ("specific", False),
}
"""Figure -> whose units, and whether on the fact's own prompt."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default=embedded.KEY, help="default: %(default)s, embedded")
    parser.add_argument("--relation", default=RELATION, help="default: %(default)s")
    parser.add_argument("--facts", type=int, default=100, help="default: %(default)s")
    parser.add_argument("--asked", type=int, default=600, help="facts asked; default: %(default)s")
    parser.add_argument("--units", type=int, default=30, help="units lost; default: %(default)s")
    parser.add_argument(
        "--pairs", type=int, default=20, help="pairs that estimates are judged on (%(default)s)"
    )
    parser.add_argument("--method", default="integrated", choices=METHODS)
    parser.add_argument(
        "--device", default="cpu", choices=("cpu", "cuda"), help="default: %(default)s"
    )
    parser.add_argument("--lake", help="lake to use (default: $KN_DATA, or data)")


def run(args: argparse.Namespace) -> Result:
    """Figures of one model and relation. Raises KnError where it knows too little of it."""
    from kn_assets.bench.circuits.facts import layout_and_cases

    progress = TerminalProgress()
    lake = Lake(args.lake or getattr(args, "data", None))
    settings = CircuitSettings(method=args.method).checked()
    layout, some = layout_and_cases(lake, args, settings, progress)
    if len(some) < 2:
        raise KnError(f"{args.model} knows {len(some)} facts of {args.relation} in two wordings")
    figures: dict[str, Figure] = {"facts": len(some)}
    rows, seconds, pairs = _measured(layout, some, args, settings, progress)
    for label, (condition, on_fact) in _LOST.items():
        figures |= _medians(label, _of(rows, condition, "lost", args.units, on_fact))
    figures |= _medians("kept_1000", _of(rows, "circuit", "kept", KEPT, True))
    figures["fact_s"] = float(np.median(seconds))
    figures |= _judged(layout, pairs, progress)
    own = figures["lost_heldout"]
    controls = ("lost_heldout_other_fact", "lost_heldout_matched")
    strongest = max(abs(_number(figures[label])) for label in controls)
    return Result(
        name="circuits",
        ratio=_number(own) / strongest if strongest else float("nan"),
        baseline="the stronger of two controls' lost share, another fact's units and "
        "activation-matched ones",
        figures=figures,
        settings={
            "model": args.model,
            "relation": args.relation,
            "units": args.units,
            "method": args.method,
            "device": args.device,
            "contrasts": settings.contrasts,
            "held_out": settings.held_out,
            "quartiles": "over facts",
        },
    )


def _measured(
    layout: Layout,
    some: Sequence[Case],
    args: argparse.Namespace,
    settings: CircuitSettings,
    progress: TerminalProgress,
) -> tuple[list[dict[str, Any]], list[float], list[Pair]]:
    """Rows of `circuit_curves`, seconds that each fact's attribution took, and some pairs."""
    from kn_assets.knowledge.circuits.choosing import circuits, estimated
    from kn_assets.knowledge.circuits.measuring import another, measure

    seconds: list[float] = []
    pairs: list[Pair] = []
    rows: list[dict[str, Any]] = []
    sizes: dict[Measure, tuple[int, ...]] = {"lost": (args.units,), "kept": (KEPT,)}
    chosen = []
    with progress.bar("circuits", len(some), "facts") as bar:
        for case in some:
            assert case.chosen_on is not None
            begun = time.perf_counter()
            own = estimated(layout, case.chosen_on, settings)
            seconds.append(time.perf_counter() - begun)
            same = [c.chosen_on for c in case.same_subject if c.chosen_on]
            others = [estimated(layout, one, settings) for one in same]
            chosen.append(circuits(own, others, settings))
            if len(pairs) < args.pairs:
                pairs.append(own.pairs[0])
            bar.advance()
    with progress.bar("curves", len(some), "facts") as bar:
        for i, case in enumerate(some):
            at = another(i, some)
            other = [] if at is None else chosen[at]["all"]
            rows += measure(layout, case, chosen[i], other, settings, sizes).curves
            bar.advance()
    return rows, seconds, pairs


def _of(
    rows: Sequence[dict[str, Any]], condition: str, measure: str, n: int, on_fact: bool
) -> list[float]:
    """One number a fact: the median of the shares over its contrasts."""
    found: dict[tuple[int, int], list[float]] = {}
    for row in rows:
        mine = (row["condition"], row["measure"], row["n_units"]) == (condition, measure, n)
        is_own = row["prompt_fact_id"] == row["fact_id"]
        if mine and is_own == on_fact and row["share"] is not None:
            found.setdefault((row["fact_id"], row["prompt_fact_id"]), []).append(row["share"])
    return [float(np.median(v)) for v in found.values()]


def _medians(label: str, values: Sequence[float]) -> dict[str, Figure]:
    if not values:
        return {label: float("nan")}
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    quartiles = {"low": float(low), "high": float(high), "n": float(len(values))}
    return {label: float(middle), f"{label}_quartiles": quartiles}


def _judged(layout: Layout, pairs: Sequence[Pair], progress: TerminalProgress) -> dict[str, Figure]:
    """Pearson's correlation of each estimate with patching, and relevance's conservation error."""
    from kn_assets.knowledge.circuits.estimates import estimate
    from kn_assets.knowledge.circuits.patching import effects
    from kn_assets.knowledge.circuits.relevance import relevance

    found: dict[str, list[float]] = {m: [] for m in METHODS}
    errors = []
    with progress.bar("estimates against patching", len(pairs), "pairs") as bar:
        for i, pair in enumerate(pairs):
            held = relevance([pair])
            errors.append(held.error)
            others = [m for m in METHODS if m != "relevance"]
            estimates = {"relevance": held.scores[0]}
            estimates |= {m: estimate(m, [pair])[0][0] for m in others}
            drawn = _random(layout, pair, np.random.default_rng(i))
            units = {
                method: [*scores.strongest(STRONGEST, ("neuron",)), *drawn]
                for method, scores in estimates.items()
            }
            patched = sorted({one for some in units.values() for one in some})  # each once
            measured = dict(zip(patched, effects(pair, patched), strict=True))
            for method, some in units.items():
                told = [estimates[method].score(one) for one in some]
                effect = [measured[one] for one in some]
                found[method].append(float(np.corrcoef(told, effect)[0, 1]))
            bar.advance()
    medians = {f"pearson_{m}": float(np.median(v)) for m, v in found.items()}
    return {
        "pearson_best": max(medians.values()),
        **medians,
        "conservation_error": float(np.max(errors)),
    }


def _random(layout: Layout, pair: Pair, rng: np.random.Generator) -> list[Any]:
    from kn_assets.knowledge.circuits.units import Unit

    shape = layout.parts.n_layers, len(pair.clean.ids), layout.parts.n_neurons
    return [Unit("neuron", *(int(rng.integers(n)) for n in shape)) for _ in range(RANDOM)]


def _number(figure: Figure) -> float:
    assert not isinstance(figure, dict)
    return float(figure)
