"""How a cluster's label is put into words, out of what is true of its points.

A label says of what share of the points each of its terms is true. What is true of less than a
quarter of them is no label; neither is a pattern of the corpus, unless half of the points share it
and nothing else tells them apart.
"""

from __future__ import annotations

from collections import Counter

from kn_assets.maps.labels.claims import Claim, Term
from kn_assets.maps.labels.phrases import NUMBER, Usual

NO_THEME = "no common theme"
LEAST = 0.25  # share of the points that a label's term is true of,
LEAST_OF_PATTERN = 0.5  # ... and that of a pattern of the corpus,
LIFT_OF_PATTERN = 3.0  # ... which is to be so many times as common here as elsewhere
LONGEST = 40  # characters of a label with a second part
SIGNS = {"+": "positive", "−": "negative"}


def labels(
    claimed: list[list[Claim]], usual: Usual, signs: list[Claim | None], layers: list[Claim | None]
) -> list[str]:
    """Such as `can be heard (61 %) · layers 13–22 (52 %)`; those alike but for shares end with
    their sign.
    """
    found = [_parts(of, usual, half) for of, half in zip(claimed, layers, strict=True)]
    times = Counter(tuple(words for words, _ in parts) for parts in found)
    for parts, sign in zip(found, signs, strict=True):
        if sign and times[tuple(words for words, _ in parts)] > 1:
            parts.append((SIGNS[sign.term.text], sign))
    return [" · ".join(_with_share(*part) for part in parts) for parts in found]


def said(claims: list[Claim]) -> list[Claim]:
    """Those that are true of enough points to make a label."""
    terms = [c for c in claims if not c.term.is_pattern and c.share >= LEAST]
    patterns = [
        c
        for c in claims
        if c.term.is_pattern
        and c.share >= LEAST_OF_PATTERN
        and c.share >= LIFT_OF_PATTERN * c.elsewhere
    ]
    return terms or patterns[:1]


def _with_share(words: str, claim: Claim | None) -> str:
    return f"{words} ({int(100 * claim.share + 0.5)} %)" if claim else words


def _parts(of: list[Claim], usual: Usual, layers: Claim | None) -> list[tuple[str, Claim | None]]:
    parts: list[tuple[str, Claim | None]] = []
    for claim in said(of):
        words = _written(claim.term, usual)
        if not {*words.split()} & {word for part, _ in parts for word in part.split()}:
            parts.append((words, claim))
    if not parts:
        parts.append((NO_THEME, None))
    if layers and len(parts) < 2:
        parts.append((_written_layers(layers.term.text), layers))
    long = len(" · ".join(_with_share(*part) for part in parts)) > LONGEST
    return parts[:1] if long else parts


def _written_layers(span: str) -> str:
    return f"layers {span}" if "–" in span else f"layer {span}"


def _written(term: Term, usual: Usual) -> str:
    if term.kind == "promotes":
        return f"→ {term.text}"
    if term.kind in ("country", "name"):
        return term.text
    if term.text == NUMBER:
        return "numbers"
    whole = usual.whole(term.text)
    return f"pattern “{whole}”" if term.is_pattern else whole
