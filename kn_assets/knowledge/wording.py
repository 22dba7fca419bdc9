"""A verdict on an intervention as a sentence, which names the control that speaks against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kn_assets.knowledge.verdicts import (
    FEWEST,
    NO_EVIDENCE,
    REFUTED,
    SMALLEST,
    SUPPORTED,
    WEAK,
    Control,
    Interval,
    Verdict,
)

NAMES = {
    "random": "random neurons",
    "activation_matched": "activation-matched neurons",
    "other_fact": "other facts' answers under the same neurons",
    "same_subject": "the same subject's other facts",
}
_MISSING = {
    "random": "no random neurons were changed beside them",
    "activation_matched": "no activation-matched neurons were changed beside them",
    "other_fact": "the model knows no other fact to compare with",
    "same_subject": "no other fact of the same subject was asked and known, "
    "so they may only say which subject it is",
}
_DONE = {"suppress": ("Set to 0", "lower"), "amplify": ("Amplified", "raise")}
_OPPOSITE = {"lower": "raise", "raise": "lower"}


@dataclass(frozen=True)
class Judged:
    """What a verdict is of: the change in its expected direction over n prompts or facts (`of`)."""

    kind: str
    own: Interval
    n: int
    of: str
    known: bool
    n_neurons: int | None


def sentence(
    judged: Judged, verdict: Verdict, controls: Sequence[Control], needed: Sequence[str]
) -> str:
    """The verdict in one sentence. Changes are in log-odds of the answer."""
    if not judged.known:
        return "The model does not know this fact, so nothing is shown by what changes its answer."
    count = f"{judged.n} {judged.of}{'' if judged.n == 1 else 's'}"
    if judged.n < FEWEST or judged.own.low is None or judged.own.high is None:
        return f"Measured in {count} alone, where {FEWEST} are needed for an interval."
    effect = _effect(judged, count)
    mine = [c for c in controls if c.condition in needed]
    if verdict.control is not None:
        return f"{effect}; against it: {_against(judged, verdict, mine)}."
    if verdict.verdict == SUPPORTED:
        nearest = _control(min(mine, key=lambda c: c.difference.mean), judged)
        return f"{effect}, more than every control; the nearest: {nearest}."
    alone = {
        REFUTED: f": by less than {SMALLEST}, if at all",
        NO_EVIDENCE: ": the interval holds 0",
        WEAK: f", less than {SMALLEST}",
    }
    return f"{effect}{alone[verdict.verdict]}."


def _against(judged: Judged, verdict: Verdict, controls: Sequence[Control]) -> str:
    """What the control that speaks against it does, or that it is missing."""
    same = [c for c in controls if c.condition == verdict.control]
    if not same:
        return _MISSING[str(verdict.control)]
    control = min(same, key=lambda c: c.difference.mean)
    if verdict.verdict == REFUTED:
        why = "the larger change"  # in size: it may be in the other direction
    elif control.difference.low is None:
        why = "one set alone, which tells nothing of chance"
    else:
        why = "not told apart from it"
    return f"{_control(control, judged)}, {why}"


def _effect(judged: Judged, count: str) -> str:
    done, verb = _DONE[judged.kind]
    own = judged.own
    assert own.low is not None and own.high is not None
    if own.mean < 0:
        verb, low, high = _OPPOSITE[verb], -own.high, -own.low
    else:
        low, high = own.low, own.high
    n = judged.n_neurons
    whose = "a fact's neurons" if n is None else "its neuron" if n == 1 else f"its {n} neurons"
    what = f"{done}, {whose} {verb}{'s' if n == 1 else ''} the answer's log-odds by"
    return f"{what} {_number(abs(own.mean))} (95 %: {_number(low)} to {_number(high)}, {count})"


def _control(control: Control, judged: Judged) -> str:
    """A control's name, and what it does to its answer."""
    _, verb = _DONE[judged.kind]
    mean = control.change.mean
    if abs(mean) < 0.005:
        return f"{NAMES[control.condition]} (0.00)"
    sign = (1 if verb == "raise" else -1) * (1 if mean > 0 else -1)
    return f"{NAMES[control.condition]} ({'+' if sign > 0 else '−'}{abs(mean):.2f})"


def _number(x: float) -> str:
    return f"{x:.2f}".replace("-", "−")
