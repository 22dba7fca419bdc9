"""A page's HTML as a tree, and what stands around its text: title, revision, licence, kind.

Knows the shapes Wikipedia has served: whole pages of the skins Vector (2022 and legacy) and
Minerva, bodies without a skin (`action=render`), and Parsoid HTML of the REST API.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from lxml import etree

LICENCE = "CC BY-SA 4.0"
"""What Wikipedia's text is under where a page doesn't say otherwise."""

_NAMESPACES = (
    r"(?:Book|Category|Draft|File|Help|Image|Media|MediaWiki|Module|Portal|Special|Talk|Template|"
    r"TimedText|User|Wikipedia)"
)
_SIGNS = {
    "disambiguation page": frozenset(
        {"dmbox-disambig", "disambig", "disambigbox", "mw:PageProp/disambiguation"}
    ),
    "set index page": frozenset({"dmbox-setindex", "setindexbox"}),
    "no such page": frozenset({"noarticletext"}),
    "redirect page": frozenset({"redirectMsg"}),
}
_ANY_SIGN = re.compile("|".join(s for signs in _SIGNS.values() for s in sorted(signs)).encode())
NOT_ARTICLE = re.compile(_NAMESPACES + r"(?:[ _]talk)?:", re.IGNORECASE)
"""Start of a title outside the namespace of articles."""

_LIST_TITLE = re.compile(r"(?:lists?|outline|index|timeline|glossary) of\b", re.IGNORECASE)
_SITE_NAME = re.compile(r"\s+[-–—]\s+(?:Wikipedia|Wikivoyage).*$", re.DOTALL)
_REVISION = (
    re.compile(rb'"wgRevisionId":\s*(\d+)'),
    re.compile(rb'<html[^>]*\sabout="[^"]*/revision/(\d+)"'),
    re.compile(rb"[?&;]oldid=(\d+)"),
)
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_BY_SA = re.compile(r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Document:
    """A parsed page. `body` holds the article's blocks; `reason` says why it is no article."""

    title: str | None
    body: etree._Element | None
    language: str
    reason: str | None


def decode(data: bytes, charset: str | None = None) -> str:
    """The text of a page: UTF-8 where it is valid, else what `charset` or its own `meta` names.

    Wikipedia is UTF-8 whatever a proxy's header claims: the bytes are believed before the header.
    """
    meta = _CHARSET.search(data[:4096])
    named = [charset, meta[1].decode("ascii") if meta else None, "utf-16" if _bom16(data) else None]
    fallback = [] if any(named) else ["windows-1252"]
    for name in ["utf-8-sig", *named, *fallback]:
        if name:
            try:
                return data.decode(name)
            except (UnicodeDecodeError, LookupError):
                continue
    return data.decode("utf-8", errors="replace")


def parse(html: bytes) -> Document:
    """Parse a page (UTF-8 bytes). Never fails on bad markup: an empty page has `body` None."""
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True
    )
    try:
        root = etree.fromstring(html, parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        return Document(None, None, "en", "empty page")
    body = _body(root)
    title = _title(root)
    return Document(title, body, _language(root, body), _not_an_article(html, root, title))


def revision(html: bytes) -> int | None:
    """The revision id a page tells of itself, None where it doesn't."""
    for pattern in _REVISION:
        if (found := pattern.search(html)) and int(found[1]):
            return int(found[1])
    return None


def licence(html: bytes) -> str:
    """The licence a page names, such as `CC BY-SA 4.0`."""
    at = html.rfind(b"creativecommons.org/licenses/")
    found = _BY_SA.match(html[at : at + 80].decode("ascii", "replace")) if at >= 0 else None
    return f"CC {found[1].upper()} {found[2]}" if found else LICENCE


def title_of(address: str) -> str:
    """The title in an address such as `https://en.wikipedia.org/wiki/Mazar-i-Sharif`."""
    path = unquote(urlsplit(address).path)
    name = path.split("/wiki/", 1)[1] if "/wiki/" in path else path.rsplit("/", 1)[-1]
    return name.removesuffix(".html").replace("_", " ").strip()


def is_list(title: str) -> bool:
    """Whether a title is that of a list, an outline, an index or a timeline."""
    return _LIST_TITLE.match(title) is not None


def reason_of(title: str) -> str | None:
    """Why a page of this title describes nothing, None where it may."""
    if NOT_ARTICLE.match(title):
        return "not an article"
    if title.lower().endswith("(disambiguation)"):
        return "disambiguation page"
    return "list" if is_list(title) else None


def classes(element: etree._Element) -> list[str]:
    return (element.get("class") or "").split()


def _bom16(data: bytes) -> bool:
    return data[:2] in (b"\xff\xfe", b"\xfe\xff")


def _body(root: etree._Element) -> etree._Element | None:
    # The first .mw-parser-output of a Vector 2022 page may be an indicator beside the title, so the
    # content's own place is asked first. Stopping at the first match makes this fast.
    for wanted in ("mw-content-text", "bodyContent"):
        for e in root.iter("div"):
            if e.get("id") == wanted:
                return next((inner for inner in e.iter("div") if _is_output(inner)), e)
    outputs = [e for e in root.iter("body", "div", "section") if _is_output(e)]
    return outputs[0] if outputs else root.find("body")


def _is_output(e: etree._Element) -> bool:
    return "mw-parser-output" in classes(e)


def _title(root: etree._Element) -> str | None:
    for found in (next(root.iter("h1"), None), next(root.iter("title"), None)):
        text = "" if found is None else " ".join("".join(found.itertext()).split())
        if text := _SITE_NAME.sub("", text):
            return text
    return None


def _language(root: etree._Element, body: etree._Element | None) -> str:
    place = body
    while place is not None:
        if lang := place.get("lang"):
            return lang
        place = place.getparent()
    return root.get("lang") or "en"


def _not_an_article(html: bytes, root: etree._Element, title: str | None) -> str | None:
    """Why a page is no article, by its own marks; None where it seems to be one."""
    page = root.find("body")
    spaces = [] if page is None else [c for c in classes(page) if re.fullmatch(r"ns--?\d+", c)]
    if spaces and spaces[0] != "ns-0":
        return "not an article"
    if title and (reason := reason_of(title)):
        return reason
    if _ANY_SIGN.search(html) is None:
        return None
    for element in root.iter("div", "table", "meta"):
        marks = {*classes(element), element.get("id") or "", element.get("property") or ""}
        for reason, signs in _SIGNS.items():
            if not signs.isdisjoint(marks):
                return reason
    return None


def link_title(a: etree._Element) -> str | None:
    """The title of the article a link leads to; None for red, outside, image and section links."""
    href = a.get("href") or ""
    red = "new" in classes(a) or "redlink=1" in href
    if red or not href or href.startswith("#") or "external" in classes(a):
        return None
    parts = urlsplit(href)
    if parts.scheme not in ("", "http", "https") or parts.query:
        return None
    path = unquote(parts.path)
    if "/wiki/" in path:
        name = path.split("/wiki/", 1)[1]
    elif path.startswith("./"):
        name = path[2:]
    elif not parts.netloc and "/" not in path and path.endswith(".html"):
        name = path.removesuffix(".html")
    else:
        return None
    name = " ".join(name.replace("_", " ").split())
    return None if not name or NOT_ARTICLE.match(name) else name
