"""Verdicts on interventions: what the stored changes say for or against a fact's neurons.

A change is measured in log-odds of P(answer), ln(p / (1 - p)) after minus before: the same size up
and down, where the relative change of P(answer) ends at -100 % on one side alone.

Two claims are judged for each kind of intervention:

- causal: the neurons move the answer more than other neurons do. Controls: random and
  activation-matched neurons, each in several sets;
- specific: they do, and they move it more than they move other answers. Controls besides: other
  facts of the relation, and the same subject's other facts, since neurons that move those as well
  say only which subject it is. Only facts that the model knows are controls.

The rule, with e the mean change in the expected direction and c that of a control, at 95 %:

- no evidence: the model doesn't know the fact, there are fewer than 3 prompts, or e's interval
  holds 0 and reaches over 0.1;
- refuted: e's interval ends below 0.1, or that of e - |c| below 0 for a control: it moves its
  answer more, in either direction;
- supported: e's interval, and that of e - |c| for every control of the claim, lie above 0, and e is
  at least 0.1;
- weak: the rest. e isn't 0, but a control is missing or not told apart.

Intervals are Student's t over the prompts of a fact, or over the facts of a relation. Sets of
neurons, and other facts, are drawn: what one more of them would do is uncertain by the spread of
those there are, so a control of one set alone is never told apart. Prompts are paired where they
are the same ones. That all controls must be passed keeps `supported` at an error of 2.5 %, however
many there are (intersection-union test, Berger 1982).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

SMALLEST = 0.1
"""Log-odds: what moves an answer by less doesn't carry it (2.5 points at P = 0.5)."""
FEWEST = 3
EDGE = 1e-6
"""P(answer) is taken within EDGE to 1 - EDGE: float32 tells no more."""

CAUSAL = ("random", "activation_matched")
SPECIFIC = ("random", "activation_matched", "other_fact", "same_subject")
CLAIMS: dict[str, tuple[str, ...]] = {"causal": CAUSAL, "specific": SPECIFIC}
SUPPORTED, WEAK, REFUTED, NO_EVIDENCE = "supported", "weak", "refuted", "no evidence"
DIRECTIONS = {"suppress": -1.0, "amplify": 1.0}

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval; `low` and `high` are None where it can't be told."""

    mean: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Control:
    """A control's change in log-odds, and the own neurons' e - |c|: both in their direction."""

    condition: str
    sets: int
    change: Interval
    difference: Interval


@dataclass(frozen=True)
class Verdict:
    """A verdict, and the condition of the control that speaks against it, None where none does."""

    verdict: str
    control: str | None = None


def log_odds(p: Array) -> Array:
    """ln(p / (1 - p)), float64; p within `EDGE` to 1 - `EDGE`."""
    inside = np.clip(np.asarray(p, np.float64), EDGE, 1 - EDGE)
    return np.log(inside) - np.log1p(-inside)


def interval(values: Array) -> Interval:
    """Mean of `values` [n] with Student's t interval; the latter is None for fewer than 2."""
    n = len(values)
    if n < 2:
        return Interval(float(np.mean(values)))
    return _around(float(np.mean(values)), [(float(np.var(values, ddof=1)) / n, n - 1)])


def of_sets(condition: str, own: Array, sets: Sequence[Array], paired: bool) -> Control:
    """A control of drawn sets against `own`: sets of neurons (`paired`: on the same prompts, in
    their order), or other facts.

    own: [n]; sets: one [n] each, of another length where not paired. With one set the difference
    has no interval.
    """
    means = np.array([np.mean(one) for one in sets])
    k = len(sets)
    drawn = float(np.var(means, ddof=1)) * (1 + 1 / k) if k > 1 else None

    def difference(sign: float) -> Interval:
        each = own - sign * np.mean(sets, axis=0) if paired else own
        mean = float(np.mean(own) - sign * np.mean(means))
        if drawn is None or len(own) < 2:
            return Interval(mean)
        of_prompts = float(np.var(each, ddof=1)) / len(own), len(own) - 1
        return _around(mean, [(drawn, k - 1), of_prompts])

    change = interval(means) if k > 1 else interval(np.asarray(sets[0]))
    return Control(condition, k, change, _nearest(difference))


def of_one(condition: str, own: Array, other: Array) -> Control:
    """A control that is no draw, such as one named fact, on prompts of its own. own, other: [n]."""

    def difference(sign: float) -> Interval:
        mean = float(np.mean(own) - sign * np.mean(other))
        if min(len(own), len(other)) < 2:
            return Interval(mean)
        return _around(
            mean, [(float(np.var(v, ddof=1)) / len(v), len(v) - 1) for v in (own, other)]
        )

    return Control(condition, 1, interval(other), _nearest(difference))


def of_pairs(condition: str, own: Array, other: Array) -> Control:
    """A control measured on the same facts, one value each. own, other: [facts], NaN where the
    control isn't there."""
    there = np.isfinite(other)
    own, other = own[there], other[there]
    of = _nearest(lambda sign: interval(own - sign * other))
    return Control(condition, 1, interval(other), of)


def judge(
    own: Interval, n: int, controls: Collection[Control], needed: Sequence[str], known: bool = True
) -> Verdict:
    """The verdict of the module's rule on one claim, whose controls are `needed`.

    own: the change in the expected direction, over n prompts or facts.
    """
    if not known or n < FEWEST or own.low is None or own.high is None:
        return Verdict(NO_EVIDENCE)
    if own.high < SMALLEST:
        return Verdict(REFUTED)
    mine = [c for c in controls if c.condition in needed]
    larger = [c for c in mine if c.difference.high is not None and c.difference.high < 0]
    if larger:
        return Verdict(REFUTED, min(larger, key=_distance).condition)
    if own.low <= 0:
        return Verdict(NO_EVIDENCE)
    return _above_zero(own, mine, needed)


def _above_zero(own: Interval, controls: Sequence[Control], needed: Sequence[str]) -> Verdict:
    """The verdict on a change that isn't 0, and than which no control is larger."""
    alike = [c for c in controls if c.difference.low is None or c.difference.low <= 0]
    if alike:
        return Verdict(WEAK, min(alike, key=_distance).condition)
    there = {c.condition for c in controls}
    missing = next((name for name in needed if name not in there), None)
    if missing is not None:
        return Verdict(WEAK, missing)
    return Verdict(SUPPORTED if own.mean >= SMALLEST else WEAK)


def _distance(control: Control) -> float:
    return control.difference.mean


def oriented(values: Mapping[str, Sequence[Array]], kind: str) -> dict[str, list[Array]]:
    """Changes by condition in the direction that `kind` is expected to move the answer."""
    sign = DIRECTIONS[kind]
    return {name: [sign * np.asarray(one) for one in sets] for name, sets in values.items()}


def of_fact(changes: Mapping[str, Sequence[Array]], kind: str) -> tuple[Interval, list[Control]]:
    """A fact's own change and its controls, in the expected direction.

    changes: condition -> changes in log-odds of each set of neurons or other fact, [prompts] each;
    `knowledge_neurons` has one. Each of the same subject's other facts is a control by itself.
    """
    of = oriented(changes, kind)
    own = of["knowledge_neurons"][0]
    controls = []
    for condition in ("random", "activation_matched"):
        if of.get(condition):
            controls.append(of_sets(condition, own, of[condition], paired=True))
    if of.get("other_fact"):
        controls.append(of_sets("other_fact", own, of["other_fact"], paired=False))
    controls += [of_one("same_subject", own, other) for other in of.get("same_subject", [])]
    return interval(own), controls


def of_relation(changes: Mapping[str, Array], kind: str) -> tuple[Interval, list[Control]]:
    """The mean change over facts and its controls, in the expected direction.

    changes: condition -> each fact's mean change in log-odds, [facts], NaN where it has none.
    """
    sign = DIRECTIONS[kind]
    own = sign * changes["knowledge_neurons"]
    controls = [
        of_pairs(condition, own, sign * changes[condition])
        for condition in SPECIFIC
        if condition in changes and np.isfinite(changes[condition]).any()
    ]
    return interval(own), controls


def _nearest(difference: Any) -> Interval:
    """e - |c|: the smaller of e - c and e + c."""
    found = [difference(1.0), difference(-1.0)]
    return min(found, key=lambda d: d.mean if d.low is None else d.low)


def _around(mean: float, variances: Sequence[tuple[float, int]]) -> Interval:
    """A mean whose variance is a sum of parts, each with its degrees of freedom: their number for
    the sum is Satterthwaite's (1946).
    """
    from scipy.special import stdtrit

    total = sum(v for v, _ in variances)
    if not total:
        return Interval(mean, mean, mean)
    freedom = total**2 / sum(v**2 / df for v, df in variances)
    half = float(stdtrit(freedom, 0.975)) * total**0.5
    return Interval(mean, mean - half, mean + half)
