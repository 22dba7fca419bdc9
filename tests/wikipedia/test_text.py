# ruff: noqa: E501 (HTML reads better in whole lines)
"""The cleaned text is what a careful person would have copied from the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from kn_assets.wikipedia import document
from kn_assets.wikipedia.text import cut, describe, tidy

REALDATA = Path(__file__).parents[3] / "shared" / "realdata"

IPA = '<span class="IPA nopopups noexcerpt" lang="en-fonipa"><a href="/wiki/Help:IPA/English">/{}/</a></span>'
AUDIO = (
    '<span class="noprint"><span class="ext-phonos"><a role="button" href="//u.org/x.oga">'
    "<span>ⓘ</span></a></span></span>"
)
OLD_AUDIO = (
    '<span class="nowrap" style="font-size:85%">(<span class="unicode haudio"><span class="fn"><a '
    'href="/wiki/File:X.ogg" title="About this sound"><img alt="About this sound"></a><a href="//u.org/X.ogg">'
    "listen</a></span></span>)</span>"
)
GREEK = (
    '<a href="/wiki/Greek_language" title="Greek language">Greek</a>: <span lang="el">Αθήνα</span>'
)
ROMAN = ', <small>romanized:&#160;</small><span title="Greek-language romanization"><i lang="el-Latn">Athína</i></span>'
REF = '<sup id="cite_ref-1" class="reference"><a href="#cite_note-1"><span>[</span>1<span>]</span></a></sup>'

LEADS = {
    "nothing to clean": ("<b>Foo</b> is a city.", "Foo is a city."),
    "references": (
        f"<b>Foo</b>{REF} is{REF} a city.{REF}{REF} It is old{REF}, too.",
        "Foo is a city. It is old, too.",
    ),
    "notes of other kinds": (
        'Foo<sup class="mw-ref"><a>[lower-alpha 9]</a></sup> is a city<sup class="noprint Inline-Template">[<i>'
        '<a>citation needed</a></i>]</sup> on<sup class="plainlinks noexcerpt update">[update]</sup> a hill'
        '<sup class="reference nowrap"><span title="Page / location: 9">: 9 </span></sup>.',
        "Foo is a city on a hill.",
    ),
    "pronunciation and native name": (
        f"<b>Athens</b> ({IPA.format('ˈæθɪnz')} <a title='Help:Pronunciation respelling key'><i>ATH-inz</i></a>; "
        f"{GREEK}{ROMAN} <span class='IPA' lang='el-Latn-fonipa'>[aˈθina]</span> {AUDIO}) is the capital.",
        "Athens is the capital.",
    ),
    "brackets within the pronunciation": (
        "<b>Cairo</b> (<a href='/wiki/Arabic'>Arabic</a>: القاهرة, pronounced [ælqɑ(ː)ˈheɾɑ]) is the capital.",
        "Cairo is the capital.",
    ),
    "bare symbols, no markup": (
        "Baku (/bɑːˈkuː/, /ˈbɑːkuː/; Azerbaijani: Bakı [bɑˈcɯ] (listen)) is the capital.",
        "Baku is the capital.",
    ),
    "old listen button": (
        f"<b>Foo</b> ({IPA.format('fuː')} {OLD_AUDIO}), is a city.",
        "Foo is a city.",
    ),
    "audio after the name": (
        "<b>Bari</b> <span class='unicode haudio'><a href='//u.org/It-Bari.ogg'><small>listen</small></a> <small "
        "class='metadata audiolinkinfo'>(<a>help</a>·<a>info</a>)</small></span> (<a title='Bari dialect'>Bari "
        "dialect</a>: <i>Bare</i>; <a title='Latin language'>Latin</a>: <i lang='la'>Barium</i>) is a city.",
        "Bari is a city.",
    ),
    "meaning among sounds": (
        f"<b>Guwahati</b> ({IPA.format('ɡwəˈhɑːti')}, Assamese: <span class='IPA'>[ɡuwahati]</span>; formerly rendered "
        "<b>Gauhati</b>) is a city.",
        "Guwahati (formerly rendered Gauhati) is a city.",
    ),
    "gloss among sounds": (
        f"<b>Las Vegas</b> ({IPA.format('lɑːsˈveɪɡəs')}; Spanish for 'The Meadows') is a city.",
        "Las Vegas (Spanish for 'The Meadows') is a city.",
    ),
    "abbreviation beside a sound": (
        f"The <b>United States of America</b> ({IPA.format('əˈmɛrɪkə')}; <b>USA</b>) is a country.",
        "The United States of America (USA) is a country.",
    ),
    "former name after a native one": (
        "<b>Cirebon</b> (Indonesian: <span lang='id'>Cirebon</span>, formerly rendered <i>Cheribon</i> in English) is a port.",
        "Cirebon (formerly rendered Cheribon in English) is a port.",
    ),
    "born and died": (
        f"<b>Ali</b> ({IPA.format('ɑːˈliː')}; born Cassius Clay; January 17, 1942 – June 3, 2016) was a boxer.",
        "Ali (born Cassius Clay; January 17, 1942 – June 3, 2016) was a boxer.",
    ),
    "meaning stays": (
        "Foo (estimated 2020) is at 1,791&#160;m (5,876&#160;ft) in the Greater Foo Area (GFA), west of Bar (city).",
        "Foo (estimated 2020) is at 1,791 m (5,876 ft) in the Greater Foo Area (GFA), west of Bar (city).",
    ),
    "meanings that look like labels": (
        "Foo (population: 3,000; Köppen: BSk), code (IATA: FOO, ICAO: FFOO), has parks (plural: parks).",
        "Foo (population: 3,000; Köppen: BSk), code (IATA: FOO, ICAO: FFOO), has parks (plural: parks).",
    ),
    "Japanese": (
        "<b>Chūō</b><span style='font-weight: normal'> (<span lang='ja'>中央区</span>, <i lang='ja-Latn'>Chūō-ku</i>)"
        "</span> is a special ward.",
        "Chūō is a special ward.",
    ),
    "Chinese": (
        "<b>Jiangmen</b> (<a title='Simplified Chinese characters'>Chinese</a>: <span lang='zh-Hans'>江门</span>; "
        "<a title='Pinyin'>pinyin</a>: <i>Jiāngmén</i>; Jyutping: <i>Gong1 mun4</i>; postal: Kongmoon), alternately "
        "romanized as Kongmoon, is a city.",
        "Jiangmen, alternately romanized as Kongmoon, is a city.",
    ),
    "untagged scripts": (
        "<b>Daegu</b> (대구, 大邱), (formerly romanized as Taegu) is a city.",
        "Daegu (formerly romanized as Taegu) is a city.",
    ),
    "two languages, one name": (
        "<b>Mardan</b> (Pashto and Urdu: مردان; Urdu pronunciation: [mərˈd̪aːn]) is a city.",
        "Mardan is a city.",
    ),
    "two parentheses": (
        "<b>Tokyo</b> (東京), officially <b>Tokyo Metropolis</b> (東京都, <i>Tōkyō-to</i>), is the capital.",
        "Tokyo, officially Tokyo Metropolis, is the capital.",
    ),
    "sound in the sentence": (
        "<b>Granada</b> (<small>Spanish: </small><span class='IPA'>[ɡɾaˈnaða]</span>)"
        f"{REF}, <small>locally </small><span class='IPA'>[ɡɾaˈna]</span>{REF} is the capital.",
        "Granada is the capital.",
    ),
    "sound between commas": (
        "<b>Worcester</b>, pronounced <span class='IPA'>/ˈwʊstər/</span>, a city in England, is old.",
        "Worcester, a city in England, is old.",
    ),
    "coordinates in the sentence": (
        "<b>Foo</b> (<span class='plainlinks nourlexpansion'><span class='geo-default'><span class='geo-dms'>34°31′N "
        "69°11′E</span></span><span class='geo-multi-punct'>﻿ / ﻿</span><span class='geo-nondefault'>34.5; 69.1</span>"
        "</span>) is a city.",
        "Foo is a city.",
    ),
    "spaces of all kinds": (
        "Foo&#160;is\u2009a\u202fcity ,\n with&#8203; spaces ; and ( brackets ) .",
        "Foo is a city, with spaces; and (brackets).",
    ),
    "letters kept": (
        "Mazār-i-Sharīf, Łódź, São Paulo, Đà Nẵng and Hawaiʻi are names – or so ‘they’ say.",
        "Mazār-i-Sharīf, Łódź, São Paulo, Đà Nẵng and Hawaiʻi are names – or so ‘they’ say.",
    ),
    "composed letters": ("Sa\u0303o Paulo is a city.", "São Paulo is a city."),
    "raised digits": (
        "Foo has 5&#160;km<sup>2</sup> and CO<sub>2</sub> in the 19<sup>th</sup> century.",
        "Foo has 5 km² and CO₂ in the 19th century.",
    ),
    "style, script, links": (
        "<style data-mw-deduplicate='r1'>.a{color:red}</style>Foo<link rel='mw-deduplicated-inline-style'> is"
        "<script>alert(1)</script> a<span style='display:none'>hidden</span> city.",
        "Foo is a city.",
    ),
    "line breaks": ("<b>Foo</b><br>is a city.", "Foo is a city."),
    "formula": (
        "The ratio <span class='mwe-math-element'><span style='display: none;'><math alttext='{\\displaystyle x=2}'>"
        "<mi>x</mi></math></span><img alt='{\\displaystyle x=2}'></span> is known.",
        "The ratio x=2 is known.",
    ),
    "brackets emptied": ("Foo (, ; ) is a city () with [ ] a hill.", "Foo is a city with a hill."),
    "bracket never closed": ("Foo (Arabic is a city.", "Foo (Arabic is a city."),
}


def page(lead: str, before: str = "", after: str = "") -> bytes:
    return (
        '<!DOCTYPE html><html lang="en"><head><title>Foo - Wikipedia</title></head><body class="ns-0"><h1 '
        'id="firstHeading">Foo</h1><div id="mw-content-text"><div class="mw-parser-output" lang="en">'
        f"{before}<p>{lead}\n</p>{after}</div></div></body></html>"
    ).encode()


@pytest.mark.parametrize("case", LEADS)
def test_lead(case: str) -> None:
    html, text = LEADS[case]
    told = describe(page(html))
    assert (told.text, told.reason, told.title) == (text, None, "Foo")


LISTED = (
    (
        "<b>Tbilisi</b> (English: "
        + IPA.format("təbɪˈliːsi")
        + ' <i title="English pronunciation respelling">tə-bil-EE-see</i>;'
        + REF
        + ' <a title="Georgian language">Georgian</a>: <span lang="ka">თბილისი</span>, <small>pronounced</small> <span '
        'class="IPA">[tbilisi]</span> '
        + AUDIO
        + "; in some languages still known by its pre-1936 name <b>Tiflis</b> ("
        + IPA.format("ˈtɪflɪs")
        + ")) is the capital.",
        "Tbilisi (in some languages still known by its pre-1936 name Tiflis) is the capital.",
    ),
    (
        "<b>Lviv</b> ("
        + IPA.format("ləˈviːv")
        + ' <i title="English pronunciation respelling">lə-VEEV</i> or '
        + IPA.format("ləˈviːf")
        + '; <a title="Ukrainian language">Ukrainian</a>: <span lang="uk">Львів</span>; see <a>below</a> '
        "for other names) is a city.",
        "Lviv is a city.",
    ),
    (
        "<b>Pune</b> (<a title='Marathi language'>Marathi</a>: <i lang='mr-Latn'>Puṇē</i>, <small>pronounced</small> <span "
        "class='IPA'>[ˈpuɳe]</span> POO-nay,"
        + REF
        + " formerly spelled in English as <b>Poona</b>, the official name until "
        "1978) is a city.",
        "Pune (formerly spelled in English as Poona, the official name until 1978) is a city.",
    ),
    (
        "<b>Mumbai</b> (<small>ISO:</small> <i>Muṁbaī</i>), also known as <b>Bombay</b> ("
        + IPA.format("bɒmˈbeɪ")
        + "; its official name until 1995), is the capital.",
        "Mumbai, also known as Bombay (its official name until 1995), is the capital.",
    ),
    (
        "<b>Ulaanbaatar</b> (<a title='Mongolian language'>Mongolian</a>: <span lang='mn'>Улаанбаатар</span>, <abbr>lit.</abbr> "
        '"Red Hero"), previously anglicized as <b>Ulan Bator</b>, is the capital.',
        "Ulaanbaatar, previously anglicized as Ulan Bator, is the capital.",
    ),
    (
        "<b>Bern</b> (<small>German:</small> <span class='IPA'>[bɛrn]</span> "
        + AUDIO
        + "),"
        + REF
        + " or <b>Berne</b>, is the "
        '"federal city" (in German: <i lang="de">Bundesstadt</i>).',
        'Bern, or Berne, is the "federal city".',
    ),
    (
        "<b>Kyiv</b> (also <b>Kiev</b>" + REF + ") is the capital.",
        "Kyiv (also Kiev) is the capital.",
    ),
)


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


# First words a reader sees on saved pages, written down from looking at them.
REAL = {
    "render-2014/Arcadia": "Arcadia is one of the regional units of Greece.",
    "render-2014/Bari": "Bari is the capital city of the province of Bari and of the Apulia (in Italian, Puglia) region, on",
    "render-2014/Brașov_metropolitan_area": "Braşov metropolitan area is a metropolitan area in Braşov County, Romania,",
    "render-2014/Burlington,_Ontario": "Burlington (Canada 2011 Census population 175,779), is a city located in Halton",
    "render-2014/Fairfield,_California": "Fairfield is a city in, and the county seat of, Solano County, California,",
    "render-2014/Fiesch": "Fiesch is a municipality in the district of Goms in the canton of Valais in Switzerland.",
    "render-2014/Ilulissat": "Ilulissat, formerly Jakobshavn, is a town in the Qaasuitsup municipality in western",
    "render-2014/Jiangmen": "Jiangmen is a prefecture-level city in Guangdong province in southern China with",
    "render-2014/Kindersley,_Saskatchewan": "Kindersley is a town in west central Saskatchewan, Canada, located",
    "render-2014/Laurel,_Maryland": "Laurel is a city in northern Prince George's County, Maryland in the United",
    "render-2014/Madison,_Wisconsin": "Madison is the capital of the U.S. state of Wisconsin and the county seat",
    "render-2014/Monterrey": "Monterrey is the capital and largest city of the northeastern state of Nuevo León",
    "render-2014/Mundelein,_Illinois": "Mundelein is a village in Lake County, Illinois, in the United States.",
    "render-2014/Narkhed": "Narkhed (or Narkher) is a city and a municipal council in Nagpur district",
    "render-2014/Shaoshan": "Shaoshan is a county-level city in Xiangtan, Hunan Province, noted as the",
    "render-2014/Stamford,_Connecticut": "Stamford is a city in Fairfield County, Connecticut, United States.",
    "render-2014/Varna": "Varna is the largest city and seaside resort on the Bulgarian Black Sea Coast",
    "vector-2017/Capitol_Hill,_Washington,_D.C": "Capitol Hill, in addition to being a metonym for the United States",
    "vector-2017/United_States": "The United States of America (USA), commonly known as the United States (U.S.) or",
    "vector-2017/Washington,_D.C": "Washington, D.C., formally the District of Columbia and commonly referred to as",
    "vector-2022-2025/Russia": "Russia, or the Russian Federation, is a country spanning Eastern Europe and North Asia.",
    "vector-legacy-2020/Brazil": "Brazil, officially the Federative Republic of Brazil, is the largest country in both",
    "vector-legacy-2020/Chūō,_Tokyo": "Chūō is a special ward that forms part of the heart of Tokyo, Japan. The ward",
    "vector-legacy-2020/Granada": "Granada is the capital city of the province of Granada, in the autonomous",
    "vector-legacy-2020/Japan": "Japan is an island country in East Asia located in the northwest Pacific Ocean. It",
    "vector-legacy-2020/Minato,_Tokyo": "Minato is a special ward in Tokyo, Japan. It is also called Minato City in",
    "vector-legacy-2020/Nagoya": "Nagoya is the largest city in the Chūbu region of Japan. It is Japan's",
    "vector-legacy-2020/Tokyo": "Tokyo, officially Tokyo Metropolis, is the capital and most populous prefecture of Japan.",
    "parsoid/United_States": "The United States of America (USA), commonly known as the United States (U.S. or US) or",
    "parsoid/Schweden.de.mobile-html": "Das Königreich Schweden (schwedisch Konungariket Sverige oder einfach",
    "parsoid/Ohio.zh.mobile-html": "俄亥俄州（英语：State of Ohio）位于美國中西部，是五大湖地区的组成部分。",
    "wikivoyage-2014/Daegu": "Daegu (formerly romanized as Taegu) is South Korea's fourth largest city, and",
}
needs_realdata = pytest.mark.skipif(
    not (REALDATA / "wiki-html").is_dir(), reason="saved pages of Wikipedia aren't here"
)


@needs_realdata
@pytest.mark.parametrize("name", REAL)
def test_saved_page_begins_as_a_reader_sees_it(name: str) -> None:
    file = REALDATA / "wiki-html" / f"{name}.html"
    told = describe(document.decode(file.read_bytes()).encode(), title=file.stem)
    assert told.text.startswith(REAL[name])


@needs_realdata
def test_every_saved_page_goes_through() -> None:
    files = [*(REALDATA / "wiki-html").rglob("*.html"), *(REALDATA / "lists").glob("*.html")]
    assert len(files) > 40
    for file in files:
        told = describe(
            document.decode(file.read_bytes()).encode(), title=document.title_of(file.name)
        )
        assert bool(told.text) != bool(told.reason)
        if file.parent.name == "lists":
            assert told.reason == "list"
        for wrong in ("  ", " ,", "( ", " )", "()", "[edit]", "(;", "\xa0", "\ue000", "\ufeff"):
            assert wrong not in told.text, file.name
