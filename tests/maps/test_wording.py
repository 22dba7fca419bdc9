"""What of a cluster becomes its label, and that it says of how many points it is true."""

from __future__ import annotations

import pytest

from kn_assets.maps.labels.claims import Claim, Term
from kn_assets.maps.labels.phrases import Usual
from kn_assets.maps.labels.wording import NO_THEME, labels

USUAL = Usual({})


def claim(kind: str, text: str, share: float, elsewhere: float = 0.0) -> Claim:
    return Claim(Term(kind, text), share, elsewhere)


def label(*claims: Claim) -> str:
    (found,) = labels([list(claims)], USUAL, [None], [None])
    return found


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.24, NO_THEME), (0.25, "Japan (25 %)"), (0.349, "Japan (35 %)"), (1.0, "Japan (100 %)")],
)
def test_a_term_is_said_with_its_share_from_a_quarter_on(share: float, said: str) -> None:
    assert label(claim("country", "Japan", share)) == said


@pytest.mark.parametrize(
    ("share", "elsewhere", "said"),
    [
        (0.49, 0.0, NO_THEME),
        (0.6, 0.3, NO_THEME),
        (0.6, 0.19, "pattern “is home to” (60 %)"),
        (0.6, 0.0, "pattern “is home to” (60 %)"),
    ],
)
def test_a_pattern_is_said_where_half_have_it_and_few_others(
    share: float, elsewhere: float, said: str
) -> None:
    for kind in ("pattern", "text pattern"):
        assert label(claim(kind, "is home to", share, elsewhere)) == said


def test_a_theme_comes_before_a_pattern() -> None:
    pattern = claim("pattern", "is home to", 0.9)
    assert label(claim("country", "Japan", 0.3), pattern) == "Japan (30 %)"
    assert label(claim("country", "Japan", 0.2), pattern) == "pattern “is home to” (90 %)"


def test_each_part_has_its_own_share() -> None:
    parts = claim("name", "city names", 0.61), claim("country", "Peru", 0.28)
    assert label(*parts) == "city names (61 %) · Peru (28 %)"
    assert label(parts[0], claim("country", "Peru", 0.2)) == "city names (61 %)"


def test_labels_alike_but_for_their_shares_tell_their_signs() -> None:
    claims = [[claim("country", "Japan", share)] for share in (0.5, 0.6, 0.3)]
    claims[2][0] = claim("country", "Peru", 0.3)
    signs = [claim("sign", "+", 0.9), claim("sign", "−", 0.8), claim("sign", "+", 0.9)]
    assert labels(claims, USUAL, list(signs), [None] * 3) == [
        "Japan (50 %) · positive (90 %)",
        "Japan (60 %) · negative (80 %)",
        "Peru (30 %)",
    ]
