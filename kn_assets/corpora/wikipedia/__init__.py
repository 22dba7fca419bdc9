"""The corpus `wikipedia`: from the list of cities to one exact description for each.

settings = Settings.of(contact="me@example.org")
with Client(settings) as client:
    found = cities(client, progress)
    fetch_pages(lake, partition, found.table, client, progress)
made = prompts(lake.read(partition, "pages"), found.table)
"""

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
