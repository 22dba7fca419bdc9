"""From raw pages to the table of prompts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa

from kn_assets.corpora.wikipedia.html import document
from kn_assets.corpora.wikipedia.html.text import describe
from kn_assets.corpora.wikipedia.pages import unpack
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Progress


@dataclass(frozen=True)
class Prompts:
    """The table `prompts`, and why the other cities have none (by city_id)."""

    table: pa.Table
    reasons: dict[int, str]

    @property
    def counts(self) -> Counter[str]:
        """How many cities have no prompt for which reason."""
        return Counter(self.reasons.values())


def prompts(
    pages: pa.Table,
    cities: pa.Table,
    keep_parentheses: bool = False,
    progress: Progress | None = None,
) -> Prompts:
    """Clean each city's page; prompt_id counts from 0 in the order of `cities`.

    Two cities whose addresses lead to one article give one prompt, the first's.
    """
    by_url = {url: i for i, url in enumerate(pages["url"].to_pylist())}
    html, finals, why = pages["html"], pages["final_url"].to_pylist(), pages["reason"].to_pylist()
    ids: list[int] = []
    texts: list[str] = []
    reasons: dict[int, str] = {}
    seen: set[str] = set()
    with (progress or Progress()).bar("prompts", len(cities), "pages") as bar:
        for city, url in zip(cities["city_id"].to_pylist(), cities["url"].to_pylist(), strict=True):
            bar.advance()
            at = by_url.get(url)
            if at is None or not html[at].is_valid:
                reasons[city] = "not fetched" if at is None else why[at]
                continue
            if finals[at] in seen:
                reasons[city] = "the same article as another city"
                continue
            seen.add(finals[at])
            told = describe(
                unpack(html[at].as_py()), keep_parentheses, document.title_of(finals[at])
            )
            if told.reason:
                reasons[city] = told.reason
            else:
                ids.append(city)
                texts.append(told.prompt)
    columns = [pa.array(range(len(ids)), pa.int32()), pa.array(ids, pa.int64()), pa.array(texts)]
    return Prompts(pa.Table.from_arrays(columns, schema=TABLES["prompts"].schema), reasons)
