"""Every setting of the corpus `wikipedia`: name, default and help stand here and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

LIST_TITLE = "List of towns and cities with 100,000 or more inhabitants"


def _setting(default: Any, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class Settings:
    """How the corpus is fetched and cleaned. `described` lists every field for `--help`."""

    contact: str | None = _setting(
        None,
        "e-mail or web address of who runs this, sent in the User-Agent as Wikimedia's policy "
        "asks; default $KN_CONTACT",
    )
    base_url: str = _setting(
        "https://en.wikipedia.org", "site to fetch from: a mirror or a local server can stand in"
    )
    list_title: str = _setting(LIST_TITLE, "page which the list of cities starts from")
    limit: int | None = _setting(None, "take only the first cities of the list")
    keep_parentheses: bool = _setting(False, "keep pronunciations and native names in parentheses")
    rate: float = _setting(2.0, "requests a second at most, over the whole client")
    concurrency: int = _setting(2, "requests under way at once")
    connect_timeout: float = _setting(10.0, "seconds to wait for a connection")
    read_timeout: float = _setting(30.0, "seconds to wait for the next bytes of an answer")
    total_timeout: float = _setting(120.0, "seconds a whole answer may take")
    max_body: int = _setting(
        20_000_000, "bytes of an unpacked page at most; larger ones are refused"
    )
    attempts: int = _setting(8, "times a request is tried before its page counts as failed")
    backoff: float = _setting(1.0, "seconds before the first retry; doubles each time, with jitter")
    max_wait: float = _setting(900.0, "longest Retry-After in seconds that is waited for")
    maxlag: int = _setting(5, "seconds of database lag above which the API is left alone")
    max_failed_share: float = _setting(
        0.02, "share of failed pages above which the corpus is not used"
    )

    @classmethod
    def of(cls, **given: Any) -> Settings:
        """Settings from what was given, None for the default; $KN_CONTACT fills in the contact."""
        known = {k: v for k, v in given.items() if v is not None}
        known.setdefault("contact", os.environ.get("KN_CONTACT") or None)
        return cls(**known)


def described() -> Mapping[str, tuple[Any, str]]:
    """Each setting's default and help, by its name."""
    return {f.name: (f.default, f.metadata["help"]) for f in fields(Settings)}
