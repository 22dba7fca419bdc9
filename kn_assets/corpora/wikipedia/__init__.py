"""The corpus `wikipedia`: from the list of cities to one exact description for each.

settings = Settings.of(contact="me@example.org")
with Client(settings) as client:
    found = cities(client, progress)
    fetch_pages(lake, partition, found.table, client, progress)
made = prompts(lake.read(partition, "pages"), found.table)

Each name is imported when it is first used: who needs the settings alone, as the command line does,
needs no package that fetches or parses pages.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kn_assets.corpora.wikipedia.corpus import Cities, PageSummary, cities, page_summary
    from kn_assets.corpora.wikipedia.http.client import Client
    from kn_assets.corpora.wikipedia.http.settings import Settings, described
    from kn_assets.corpora.wikipedia.pages import Summary, fetch_pages
    from kn_assets.corpora.wikipedia.prompting import Prompts, prompts

__all__ = [
    "Cities",
    "Client",
    "PageSummary",
    "Prompts",
    "Settings",
    "Summary",
    "cities",
    "described",
    "fetch_pages",
    "page_summary",
    "prompts",
]

_HOMES = {
    "corpus": ("Cities", "PageSummary", "cities", "page_summary"),
    "http.client": ("Client",),
    "http.settings": ("Settings", "described"),
    "pages": ("Summary", "fetch_pages"),
    "prompting": ("Prompts", "prompts"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
