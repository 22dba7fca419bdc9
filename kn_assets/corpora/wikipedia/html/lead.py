"""The lead of a page as lines of plain text with marks where pronunciations and native names stand.

The marks are private-use characters, so that rules on brackets (`brackets.py`) work on a plain
string and still know what the markup said about each piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from kn_assets.corpora.wikipedia.html.document import classes
from kn_assets.corpora.wikipedia.html.words import SKIPPED, SKIPPED_TAGS
from kn_assets.corpora.wikipedia.html.words import SOUND as SOUND_CLASSES

SOUND = "\ue000"
"""Stands where a pronunciation stood: IPA, a respelling, a listen button."""
OPEN, CLOSE = "\ue001", "\ue002"
"""Stand around text in another language than the page's."""
LABEL = "\ue003"
"""Follows a link to an article on a language or a script, as in `[Pashto]: ...`."""
MARKS = re.compile("[\ue000-\ue003]")

_LONGEST = 20_000
"""Characters of a paragraph that are looked at; no real one comes near."""
_BLANK = re.compile(r"\s{40,}")
"""What no real page has, and rules on what stands around a blank would take long over."""
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_CONTAINERS = frozenset(
    {"div", "section", "center", "main", "article", "body", "html", "span", "details"}
)


_SKIPPED_IDS = frozenset({"toc", "coordinates", "siteSub", "contentSub", "jump-to-nav", "catlinks"})

_HELP = re.compile(
    r"(?:Help|Wikipedia|H)[:_](?:IPA|Pronunciation|Media[ _]help)|^About this sound", re.IGNORECASE
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_LANGUAGE_LINK = re.compile(
    r"\b(?:languages?|dialects?|script|alphabet|characters|transliteration|romaniz\w+|pinyin)$",
    re.IGNORECASE,
)
_NOTE = re.compile(r"\s*\[[^\[\]]*\]\s*")
_RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def paragraphs(body: etree._Element, language: str, marked: bool = True) -> Iterator[str]:
    """The raw text of each paragraph of the lead, in order, with marks where `marked`.

    Where a page begins with a heading, the paragraphs of its first section stand for the lead.
    Whitespace is as in the markup, but for endless blanks. Paragraphs without text are left out.
    """
    began = False
    for block in _blocks(body):
        if block.tag in _HEADINGS:
            if began:
                return
            continue
        text = "".join(_inline(block, language.split("-", maxsplit=1)[0].lower(), marked))
        text = _BLANK.sub(" ", text)
        if MARKS.sub("", text).strip():
            began = True
            yield text[:_LONGEST]


def _blocks(container: etree._Element) -> Iterator[etree._Element]:
    """Paragraphs and headings below a container in order, without boxes, tables and lists."""
    for child in container:
        if child.tag == "p" or child.tag in _HEADINGS:
            if not _is_skipped(child):
                yield child
        elif child.tag in _CONTAINERS and not _is_skipped(child):
            yield from _blocks(child)


def _is_skipped(e: etree._Element) -> bool:
    if not isinstance(e.tag, str) or e.tag in SKIPPED_TAGS:
        return True
    if not e.attrib:
        return False
    return (
        not SKIPPED.isdisjoint(classes(e))
        or e.get("id") in _SKIPPED_IDS
        or e.get("role") in ("note", "navigation")
        or _HIDDEN.search(e.get("style") or "") is not None
    )


def _inline(e: etree._Element, language: str, marked: bool) -> Iterator[str]:
    """The text of an element without its tail."""
    yield e.text or ""
    for child in e:
        yield from _child(child, language, marked)
        yield child.tail or ""


def _child(e: etree._Element, language: str, marked: bool) -> Iterator[str]:
    if _is_audio(e):
        if marked:
            yield SOUND
    elif _is_skipped(e):
        pass
    elif e.tag == "br":
        yield " "
    elif e.tag == "wbr":
        pass
    elif "mwe-math-element" in classes(e) or e.tag == "math":
        yield _formula(e)
    elif e.tag in ("sup", "sub"):
        yield _raised(e, "".join(_inline(e, language, marked)))
    elif marked and _is_pronunciation(e):
        yield SOUND
    elif marked and _is_foreign(e, language):
        yield OPEN
        yield from _inline(e, language, marked)
        yield CLOSE
    else:
        yield from _inline(e, language, marked)
        if marked and e.tag == "a" and _LANGUAGE_LINK.search(e.get("title") or ""):
            yield LABEL


def _is_audio(e: etree._Element) -> bool:
    """A listen button, in any of its forms; never text that a reader reads."""
    names = classes(e)
    if "haudio" in names or "ext-phonos" in names or e.tag in ("audio", "phonos"):
        return True
    if e.tag == "a":
        target = (e.get("href") or "") + " " + (e.get("title") or "")
        return (
            re.search(r"\.(?:ogg|oga|wav|mp3|flac)\b", target, re.IGNORECASE) is not None
            or "About this sound" in target
        )
    return False


def _is_pronunciation(e: etree._Element) -> bool:
    if not SOUND_CLASSES.isdisjoint(classes(e)):
        return True
    title = e.get("title") or ""
    if e.tag == "a":
        return _HELP.search(title) is not None or _HELP.search(e.get("href") or "") is not None
    return "respelling" in title or "International Phonetic Alphabet" in title


def _is_foreign(e: etree._Element, language: str) -> bool:
    lang = (e.get("lang") or "").lower()
    return bool(lang) and lang.split("-")[0] not in (language, "und", "mul", "zxx", "mis")


def _raised(e: etree._Element, text: str) -> str:
    """Sub- and superscripts: notes in square brackets go, digits keep their height (km², H₂O)."""
    if e.tag == "sup" and _NOTE.fullmatch(text):
        return ""
    table = _RAISED if e.tag == "sup" else _LOWERED
    raised = text.strip().translate(table)
    return (
        raised
        if not any(c.isalnum() and c == t for c, t in zip(raised, text.strip(), strict=True))
        else text
    )


def _formula(e: etree._Element) -> str:
    """A formula's TeX, which is also its picture's text for those who can't see it."""
    math = e if e.tag == "math" else e.find(".//math")
    tex = (math.get("alttext") or "") if math is not None else ""
    if not tex:
        image = e.find(".//img")
        tex = (image.get("alt") or "") if image is not None else ""
    found = re.fullmatch(r"\{\\(?:display|text)style (.*)\}", tex.strip(), re.DOTALL)
    return (found[1] if found else tex).strip()
