# ruff: noqa: E501 (texts read better in whole lines)
"""Ten pages of our own on invented cities, each with one difficulty of the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from kn_assets.corpora.wikipedia import page_summary
from kn_assets.corpora.wikipedia.html import document
from kn_assets.corpora.wikipedia.html.text import describe
from tests.models import tiny

PAGES = Path(__file__).parent / "pages"


@dataclass(frozen=True)
class Page:
    """What a careful person copies from a page, and the first 30 tokens of it."""

    title: str
    text: str
    first_tokens: str


DESCRIBED = {
    "pronunciation": Page(
        "Tavorra",
        "Tavorra is a port city at the mouth of the river Lune. It has two harbours.",
        "Tavorra is a port city at the mouth of the r",
    ),
    "native-name": Page(
        "Qarashar Bay",
        "Qarashar Bay (formerly Fort Orlov) is a city of 212,000 people on an inland sea.",
        "Qarashar Bay (formerly Fort Or",
    ),
    "coordinates": Page(
        "Ostermoor",
        "Ostermoor is a town on a raised bog, 4 m (13 ft) above the sea.",
        "Ostermoor is a town on a raised b",
    ),
    "hatnote": Page(
        "Harrowgate Falls",
        "Harrowgate Falls is a city of mills and canals.",
        "Harrowgate Falls is a city of mills and c",
    ),
    "infobox": Page(
        "Sankt Veith am Ried",
        "Sankt Veith am Ried is a market town in the north of its province. It has 18,204 inhabitants. Its fair is held each May.",
        "Sankt Veith am Ried is a market to",
    ),
    "footnotes": Page(
        "Bellmarsh",
        "Bellmarsh is a city of 95,000 people on 12 km² of marsh. It floods.",
        "Bellmarsh is a city of 95,000 people o",
    ),
    "nested-brackets": Page(
        "Ilmenwald",
        "Ilmenwald (also Ilmenau Forest (until 1921)) is a spa town (elevation 640 m (2,100 ft)) in the hills of Foo (the Foo Range).",
        "Ilmenwald (also Ilmenau Forest (",
    ),
}
# Title and reason of pages that describe no city.
OTHERS = {
    "disambiguation": ("Ranholm", "disambiguation page"),
    "redirect": ("Port Amsel", "redirect page"),
    "list-lead": ("Towns of the Lower Lune", "list"),
}
WRONG = ("  ", " ,", "( ", " )", "()", "[edit]", "(;", "\xa0", "\ue000", "\ufeff")


def test_each_page_is_expected() -> None:
    assert {f.stem for f in PAGES.glob("*.html")} == {*DESCRIBED, *OTHERS}


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_page_gives_what_a_reader_would_copy(name: str) -> None:
    expected = DESCRIBED[name]
    told = page_summary(str(PAGES / f"{name}.html"), tiny.tokenizer())
    assert (told.title, told.text, told.reason) == (expected.title, expected.text, None)
    assert told.token_text == expected.first_tokens
    assert told.tokens is not None
    assert len(told.tokens) == 30
    assert "".join(told.tokens) == told.token_text
    shown = str(told).splitlines()
    assert (shown[0], shown[2]) == (f"title: {expected.title}", expected.text)
    assert shown[4] == f"30 tokens: {expected.first_tokens}"
    assert shown[5].replace("|", "") == expected.first_tokens
    assert not [wrong for wrong in WRONG if wrong in told.text]


@pytest.mark.parametrize("name", OTHERS)
def test_a_page_that_describes_no_city_says_what_it_is(name: str) -> None:
    title, reason = OTHERS[name]
    told = page_summary(str(PAGES / f"{name}.html"), tiny.tokenizer())
    assert (told.title, told.text, told.reason) == (title, "", reason)
    assert told.tokens is None
    assert str(told) == f"title: {title}\nno prompt: {reason}"


@pytest.mark.parametrize("name", [*DESCRIBED, *OTHERS])
def test_revision_and_licence_are_found(name: str) -> None:
    html = (PAGES / f"{name}.html").read_bytes()
    assert 90_000_001 <= (document.revision(html) or 0) <= 90_000_010
    assert document.licence(html) == "CC BY-SA 4.0"
    assert describe(document.decode(html).encode(), title="Other").title == describe(html).title


def test_a_cut_inside_a_character_shows_no_replacement(tmp_path: Path) -> None:
    file = tmp_path / "Foo.html"
    file.write_text("<p>" + "Ⴀ" * 40 + " is a city in Foo.</p>", encoding="utf-8")
    told = page_summary(str(file), tiny.tokenizer())
    assert told.token_text and told.tokens
    assert "\ufffd" not in told.token_text + "".join(told.tokens)
    assert set(told.token_text) == {"Ⴀ"}
