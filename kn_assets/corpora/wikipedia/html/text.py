"""From a page's HTML to the text a careful person would have copied from its lead."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from kn_assets.corpora.wikipedia.html import document, lead
from kn_assets.corpora.wikipedia.html.brackets import without_asides

PROMPT_CHARACTERS = 1000
"""Characters of the description that become a prompt's text."""

_INVISIBLE = dict.fromkeys(
    [
        0xAD,
        0x200B,
        0x200E,
        0x200F,
        0x2060,
        0x2061,
        0xFEFF,
        0xFFFC,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
    ]
)
_NOTE = re.compile(
    r"\[(?:\d{1,4}|[a-z]{1,2}|(?:note|nb|n|lower-alpha|upper-alpha|lower-roman)\s\w+|update|"
    r"edit|citation needed|clarification needed|when\?|who\?|which\?|dubious.{0,20}|"
    r"better source needed|"
    r"according to whom\?|failed verification)\]"
)
_EMPTY = re.compile(r"\(\s*[,;:·/\s]*\)|（[\s，；：]*）|\[\s*\]")
_AFTER_OPENING = re.compile(r"([(（\[])[\s,;:·]+")
_BEFORE_CLOSING = re.compile(r"(?<![\s,;:·])[\s,;:·]+([)）\]])")
_BEFORE_POINT = re.compile(r"\s+([,;:!?.…])(?=[\s,;:!?.\"'”’)]|$)")
_DOUBLED = re.compile(r",(?:\s*,)+")
_COMMA_POINT = re.compile(r"[,;]\s*([.;:])(?=\s|$)")
_HATNOTE = re.compile(
    r"(?:For (?:other|the|a|an|more|information) .{0,160}\bsee\b|Not to be confused with|"
    r"This article is about\b.{0,80}\. For|Coordinates:|See also:|Main articles?:|"
    r"[\"“]?.{1,60} redirects? here\b)",
    re.IGNORECASE,
)
_REFERS = re.compile(
    r".{0,160}\brefers? to\b.{0,80}:|"
    r"[^.]{0,80}\b(?:may|can|could|might)(?: also)? refer to\b[^.]{0,80}\.?"
)
_LISTS = re.compile(
    r"(?:(?:This|The following|Below) (?:page |article )?(?:is|are|lists?|contains)\b.{0,30}\b"
    r"(?:lists?|table|outline|timeline)\b|(?:This|The following) (?:lists?|outline|table)\b|"
    r".{0,60}\bin this list\b)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?。！？…][\"'”’)\]]*$")


@dataclass(frozen=True)
class Description:
    """What the pipeline keeps of a page.

    `text` is the whole cleaned lead in one line, empty where `reason` says why there is none.
    """

    title: str | None
    text: str
    reason: str | None

    @property
    def prompt(self) -> str:
        """The first 1,000 characters; no accent is torn from its letter."""
        return cut(self.text, PROMPT_CHARACTERS)


def describe(html: bytes, keep_parentheses: bool = False, title: str | None = None) -> Description:
    """Clean the lead of a page (UTF-8 HTML of any skin, a bare body, or Parsoid's).

    `title` stands in where the HTML has none. Pages which describe nothing (disambiguations, lists,
    empty and missing pages, files) come back without text and with the reason.
    """
    page = document.parse(html)
    title = page.title or title
    reason = page.reason or (document.reason_of(title) if title else None)
    if reason or page.body is None:
        return Description(title, "", reason or "empty page")
    english = page.language.lower().startswith("en")
    marked = english and not keep_parentheses
    try:
        raws = list(lead.paragraphs(page.body, page.language, marked))
    except RecursionError:
        return Description(title, "", "nested too deeply for a page")
    cleaned = [tidy(without_asides(r) if marked else lead.MARKS.sub("", r)) for r in raws]
    real = _from_first_real([c for c in cleaned if any(map(str.isalpha, c))])
    reason = _no_description(real)
    return Description(title, "" if reason else " ".join(real), reason)


def tidy(text: str) -> str:
    """One line of NFC text: single spaces, none before punctuation, no empty or ragged brackets."""
    text = unicodedata.normalize("NFC", text).translate(_INVISIBLE)
    text = _NOTE.sub("", text)
    text = " ".join(text.split())
    before = None
    while before != text:
        before = text
        text = _AFTER_OPENING.sub(r"\1", text)
        text = _BEFORE_CLOSING.sub(r"\1", text)
        text = _EMPTY.sub("", text)
        text = _BEFORE_POINT.sub(r"\1", text)
        text = _DOUBLED.sub(",", text)
        text = _COMMA_POINT.sub(r"\1", text)
        text = " ".join(text.split())
    return text


def cut(text: str, characters: int) -> str:
    """The first `characters` characters, less a last letter whose accents would be cut off."""
    if len(text) <= characters:
        return text
    end = characters
    while end and unicodedata.combining(text[end]):
        end -= 1
    return text[:end].rstrip()


def _no_description(paragraphs: list[str]) -> str | None:
    """Why paragraphs describe nothing, by their own words; None where they do."""
    if not paragraphs:
        return "empty page"
    first, second = paragraphs[0], paragraphs[1] if len(paragraphs) > 1 else ""
    if _REFERS.fullmatch(first) or (_REFERS.fullmatch(second) and len(first) < 200):
        return "disambiguation page"
    return "list" if _LISTS.match(first) else None


def _from_first_real(cleaned: list[str]) -> list[str]:
    """The paragraphs from the first that is a sentence on, without notes on other pages."""
    kept = [c for c in cleaned if not (_HATNOTE.match(c) and len(c) < 300)]
    for i, c in enumerate(kept):
        if len(c) >= 25 or _SENTENCE_END.search(c):
            return kept[i:]
    return kept
