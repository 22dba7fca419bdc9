"""The two ends of the corpus: the table of cities, and one page shown to a person who checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from kn_assets.corpora.wikipedia import listing
from kn_assets.corpora.wikipedia.city_tables import Link
from kn_assets.corpora.wikipedia.countries import country_code, is_city_state
from kn_assets.corpora.wikipedia.enrich import cities_table
from kn_assets.corpora.wikipedia.html import document
from kn_assets.corpora.wikipedia.html.text import describe
from kn_assets.corpora.wikipedia.http import api
from kn_assets.corpora.wikipedia.http.api import BATCH
from kn_assets.corpora.wikipedia.http.client import Client, unreachable
from kn_assets.corpora.wikipedia.http.exchange import Failed
from kn_assets.corpora.wikipedia.http.settings import Settings
from kn_assets.errors import KnError
from kn_assets.progress import Progress

PROMPT_TOKENS = 30


class Cities(NamedTuple):
    """The table `cities`, the share of them that GeoNames knew, and how many each country has."""

    table: pa.Table
    matched_share: float
    by_country: Counter[str | None]


def cities(client: Client, progress: Progress) -> Cities:
    """The cities of the list in its order, each article once; city_id is the place from 0.

    Raises KnError where the site can't be reached or a page of the list holds no city.
    """
    client.check()
    found = list(islice(_resolved(client, progress), client.settings.limit))
    table, share = cities_table(
        [link.name for link in found],
        [link.title for link in found],
        [link.country for link in found],
        [client.page_url(link.title) for link in found],
    )
    progress.say(f"{len(found)} cities, {share:.1%} matched in GeoNames")
    return Cities(table, share, Counter(link.country for link in found))


def _resolved(client: Client, progress: Progress) -> Iterator[Link]:
    """The list's links with titles after redirects, each title once, no countries."""
    seen: set[str] = set()
    waiting = listing.links(client, progress)
    at_once = min(BATCH, client.settings.limit or BATCH)
    while batch := list(islice(waiting, at_once)):
        try:
            known = api.info(client, (link.title for link in batch))
        except Failed as e:
            if e.unreachable:
                raise KnError(unreachable(client.settings.base_url, str(e))) from e
            if e.status not in (404, 405):
                raise KnError(
                    f"redirects of the list's links can't be resolved ({e}): run the same command "
                    "again later"
                ) from e
            progress.say(f"the site has no API ({e}): redirects are resolved as pages are fetched")
            known = {}
        for link in batch:
            title = known[link.title].title if link.title in known else link.title
            is_country = country_code(title) and not is_city_state(title, link.country)
            if title not in seen and not is_country:
                seen.add(title)
                yield Link(link.name, title, link.country)


@dataclass(frozen=True)
class PageSummary:
    """What the pipeline keeps of a page. `tokens` are texts, None without a tokenizer."""

    title: str | None
    text: str
    reason: str | None
    tokens: list[str] | None
    token_text: str | None

    def __str__(self) -> str:
        lines = [f"title: {self.title or 'none'}"]
        lines.append(f"no prompt: {self.reason}" if self.reason else f"\n{self.text}")
        if self.tokens is not None:
            lines.append(f"\n{len(self.tokens)} tokens: {self.token_text}")
            lines.append("|".join(self.tokens))
        return "\n".join(lines)


def page_summary(
    file_or_url: str,
    tokenizer: Any = None,
    settings: Settings | None = None,
    n_tokens: int = PROMPT_TOKENS,
) -> PageSummary:
    """Title, prompt text and first tokens of an HTML file or a page's address.

    `tokenizer` is a Hugging Face tokenizer. Raises KnError where the page can't be had.
    """
    settings = settings or Settings.of()
    if file_or_url.startswith(("http://", "https://")):
        with Client(settings) as client:
            try:
                html = client.page(file_or_url).html
            except Failed as e:
                raise KnError(f"{file_or_url} can't be fetched: {e}") from e
    else:
        try:
            html = document.decode(Path(file_or_url).expanduser().read_bytes()).encode()
        except OSError as e:
            raise KnError(f"can't read {file_or_url}: {e.strerror}") from e
    told = describe(html, settings.keep_parentheses, document.title_of(file_or_url))
    if tokenizer is None or told.reason:
        return PageSummary(told.title, told.prompt, told.reason, None, None)
    ids = tokenizer(told.prompt, add_special_tokens=False)["input_ids"][:n_tokens]
    pieces = [whole_characters(tokenizer.decode([i])) for i in ids]
    return PageSummary(
        told.title, told.prompt, None, pieces, whole_characters(tokenizer.decode(ids))
    )


def whole_characters(text: str) -> str:
    """Decoded text without the replacement characters of characters that were cut through."""
    return text.replace("\ufffd", "")
