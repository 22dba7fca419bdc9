"""How a cluster's label is put into words, out of what is true of its points."""

from __future__ import annotations

from collections import Counter

from kn_assets.maps.labels.claims import Claim, Claims, Term
from kn_assets.maps.labels.phrases import NUMBER, Usual

NO_THEME = "no common theme"
LONGEST = 32  # characters of a label with a second part
FEW = 0.25  # of the points: a label that is true of fewer says so


def labels(
    claimed: list[Claims], usual: Usual, signs: list[Claim | None], layers: list[Claim | None]
) -> list[str]:
    """Such as `can be heard · layers 13–22`; those that would be alike end with their sign."""
    found = [_label(of, usual, half) for of, half in zip(claimed, layers, strict=True)]
    times = Counter(found)
    return [
        f"{label} {sign.term.text}" if sign and times[label] > 1 else label
        for label, sign in zip(found, signs, strict=True)
    ]


def _label(of: Claims, usual: Usual, layers: Claim | None) -> str:
    parts: list[str] = []
    for claim in of.claims:
        part = _written(claim.term, usual)
        if not {*part.split()} & {word for said in parts for word in said.split()}:
            parts.append(part)
    if layers and len(parts) < 2:
        parts = [*(parts or [NO_THEME]), _written_layers(layers.term.text)]
    if len(" · ".join(parts)) > LONGEST:
        parts = parts[:1]
    some = "some: " if of.claims and of.share < FEW else ""
    return some + " · ".join(parts) if parts else NO_THEME


def _written_layers(span: str) -> str:
    return f"layers {span}" if "–" in span else f"layer {span}"


def _written(term: Term, usual: Usual) -> str:
    if term.kind == "promotes":
        return f"→ {term.text}"
    if term.kind not in ("phrase", "text"):
        return term.text
    return "numbers" if term.text == NUMBER else usual.whole(term.text)
