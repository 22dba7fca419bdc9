# ruff: noqa: E501 (HTML reads better in whole lines)
"""The cleaned text is what a careful person would have copied from the page."""

from __future__ import annotations

import pytest

from kn_assets.corpora.wikipedia.html import document, lead
from kn_assets.corpora.wikipedia.html.text import cut, describe, tidy
from tests.corpora.wikipedia.leads import LEADS, LISTED, page


@pytest.mark.parametrize("case", LEADS)
def test_lead(case: str) -> None:
    html, text = LEADS[case]
    told = describe(page(html))
    assert (told.text, told.reason, told.title) == (text, None, "Foo")


@pytest.mark.parametrize(("html", "text"), LISTED)
def test_leads_as_the_great_cities_have_them(html: str, text: str) -> None:
    assert describe(page(html)).text == text


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 5000 + "<p>Foo is a city.",
        "<p>" + "<i>" * 5000 + "Foo.",
        "<p>" + "(a" * 5000 + ")" * 5000,
    ]
    + ["<p>" + c * 50_000 for c in ("(", ", ", "/ə", "[ˈ", "also ")],
    ids=lambda html: html[:8],
)
def test_no_markup_brings_it_down(html: str) -> None:
    told = describe(html.encode())
    assert bool(told.text) != bool(told.reason)


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\n", "<br>", " \u00a0", "\t"])
def test_endless_blanks_are_one(blank: str) -> None:
    html = page(f"<p>Foo{blank * 100_000}is a city,{blank * 100_000}and old.</p>")
    (text,) = lead.paragraphs(document.parse(html).body, "en")
    assert len(text) < 40, "rules on what stands around a blank take long over many"
    assert describe(html).text == "Foo is a city, and old."


def test_parentheses_can_be_kept() -> None:
    html, _ = LEADS["pronunciation and native name"]
    kept = describe(page(html), keep_parentheses=True).text
    assert kept == (
        "Athens (/ˈæθɪnz/ ATH-inz; Greek: Αθήνα, romanized: Athína [aˈθina]) is the capital."
    )


def test_what_stands_before_the_first_paragraph() -> None:
    before = (
        '<div class="shortdescription" style="display:none">City</div>'
        '<div role="note" class="hatnote">For other uses, see <a>Foo (disambiguation)</a>.</div>'
        "<dl><dd><i>This article is about the city.</i></dd></dl>"
        '<table class="infobox"><tr><td><p>A caption in the box that reads like a sentence.</p></td></tr></table>'
        '<table class="ambox"><tr><td><p>This article needs more citations than it has.</p></td></tr></table>'
        '<div class="thumb tright"><div class="thumbcaption"><p>A view of Foo, a city of towers.</p></div></div>'
        "<figure><figcaption>Foo at night, with all its lamps lit.</figcaption></figure>"
        '<table class="sidebar"><tr><td><p>Part of a series on Foo and its surroundings.</p></td></tr></table>'
        '<div id="toc" class="toc"><h2>Contents</h2><ul><li>1 History</li></ul></div>'
        '<p class="mw-empty-elt">\n</p><p><span id="coordinates">Coordinates: 34°N 69°E</span></p>'
        "<p><i>For the river, see <a>Foo River</a>.</i></p><p><br></p>"
    )
    after = "<p>It is old.</p><h2>History</h2><p>It began.</p>"
    assert (
        describe(page("<b>Foo</b> is a city.", before, after)).text == "Foo is a city. It is old."
    )


def test_parsoid_sections() -> None:
    html = (
        b'<!DOCTYPE html><html about="https://en.wikipedia.org/wiki/Special:Redirect/revision/123"><head><title>Foo'
        b'</title></head><body class="mw-parser-output" lang="en"><section data-mw-section-id="0"><p id="mwAw"><span '
        b'typeof="mw:Nowiki"></span><link rel="mw:PageProp/Category"></p><p><b>Foo</b> is a<span typeof="mw:Entity">'
        b"\xc2\xa0</span>city.<sup class='mw-ref reference'><a>[1]</a></sup></p></section><section "
        b'data-mw-section-id="1"><h2>History</h2><p>No.</p></section></body></html>'
    )
    assert describe(html).text == "Foo is a city."
    assert document.revision(html) == 123


def test_bare_body_and_empty_lead() -> None:
    assert describe(b"<p><b>Foo</b> is a city.</p><h2>X</h2><p>No.</p>").text == "Foo is a city."
    late = b"<div class='mw-parser-output'><h2>X</h2><p>Foo is a city with a late start.</p><h2>Y</h2><p>No.</p></div>"
    assert describe(late).text == "Foo is a city with a late start."


def test_an_indicator_is_not_the_body() -> None:
    html = (
        b'<body><div class="mw-indicators"><div class="mw-parser-output"><p>This page is protected from edits.</p></div>'
        b'</div><div id="mw-content-text"><div class="mw-parser-output"><p>Foo is a city.</p></div></div></body>'
    )
    assert describe(html).text == "Foo is a city."


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (b"", "empty page"),
        (b"<html></html>", "empty page"),
        (page(""), "empty page"),
        (page("<b>Foo</b> may refer to:"), "disambiguation page"),
        (
            page("<b>Foo</b> is a city.", after="<p><b>Foo</b> may also refer to:</p>"),
            "disambiguation page",
        ),
        (
            page("Foo is", after='<table id="disambigbox" class="dmbox dmbox-disambig"></table>'),
            "disambiguation page",
        ),
        (page("This is a list of cities."), "list"),
        (page("The following is a list of towns."), "list"),
        (page("Foo").replace(b">Foo<", b">List of cities in Foo<"), "list"),
        (page("Foo").replace(b'class="ns-0"', b'class="ns-6"'), "not an article"),
        (
            b'<div class="noarticletext"><p>Wikipedia has no article of this name.</p></div>',
            "no such page",
        ),
        (b'<div class="redirectMsg"><p>Redirect to:</p></div>', "redirect page"),
        (
            b"<head><meta property='mw:PageProp/disambiguation'></head><p>Foo is the name of cities.</p>",
            "disambiguation page",
        ),
    ],
)
def test_pages_that_describe_nothing(html: bytes, reason: str) -> None:
    told = describe(html)
    assert (told.text, told.reason) == ("", reason)


def test_ordinary_sentences_are_no_lists() -> None:
    for text in (
        "Foo is a city. The name may refer to a river which was drained long ago by the settlers.",
        "This city is a port. The following list is far below.",
    ):
        assert describe(page(text)).text == text


def test_prompt_is_cut_between_letters() -> None:
    assert cut("abcdef", 3) == "abc"
    assert cut("ab c", 3) == "ab"
    assert cut("abq\u0323x", 3) == "ab"  # q with a dot below has no single character
    assert len(describe(page("Foo is a city. " * 200)).prompt) in (999, 1000)


def test_tidy_changes_nothing_twice() -> None:
    for html, _ in LEADS.values():
        once = describe(page(html)).text
        assert tidy(once) == once


def test_charsets() -> None:
    text = "Herāt is an oasis city."
    assert document.decode(text.encode(), "iso-8859-1") == text
    assert document.decode("São".encode("latin-1"), "iso-8859-1") == "São"
    assert document.decode(b'<meta charset="iso-8859-2">' + "Łódź".encode("iso-8859-2")).endswith(
        "Łódź"
    )
    assert document.decode(text.encode("utf-16")) == text
    assert document.decode(b"S\xe3o") == "São"


def test_licence_and_revision() -> None:
    html = b'"wgRevisionId":0,"wgRevisionId":77 <a href="//creativecommons.org/licenses/by-sa/3.0/">x</a>'
    assert document.licence(html) == "CC BY-SA 3.0"
    assert document.revision(b'{"wgRevisionId":77}') == 77
    assert document.revision(b"<p>x</p>") is None
    assert document.licence(b"") == "CC BY-SA 4.0"
