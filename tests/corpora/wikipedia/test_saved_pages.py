# ruff: noqa: E501 (texts read better in whole lines)
"""Pages as Wikipedia served them, in the markup of many years."""

from __future__ import annotations

from pathlib import Path

import pytest

from kn_assets.corpora.wikipedia.html import document
from kn_assets.corpora.wikipedia.html.text import describe

REALDATA = Path(__file__).parents[4] / "shared" / "realdata"

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
    lists = [*(REALDATA / "lists").glob("*.html")]
    files = [*(REALDATA / "wiki-html").rglob("*.html"), *lists]
    assert len(files) > 40 and lists
    for file in files:
        told = describe(
            document.decode(file.read_bytes()).encode(), title=document.title_of(file.name)
        )
        assert bool(told.text) != bool(told.reason)
        assert told.reason == "list" or file not in lists
        for wrong in ("  ", " ,", "( ", " )", "()", "[edit]", "(;", "\xa0", "\ue000", "\ufeff"):
            assert wrong not in told.text, file.name
