"""Which parentheses of a lead a careful person leaves out, and how the sentence closes behind them.

`Kabul (/ˈkɑːbʊl/; Pashto: کابل, romanized: Kābəl) is` becomes `Kabul is`. A parenthesis is read as
parts between semicolons and commas. A part goes where it is a pronunciation, text in another
script, the name in another language (`Spanish: ...`), a romanization, or coordinates. What carries
meaning stays: `(; formerly Gauhati)` becomes `(formerly Gauhati)`, `(5,876 ft)` stays as it is.
"""

from __future__ import annotations

import re

from kn_assets.corpora.wikipedia.html.lead import MARKS, SOUND
from kn_assets.corpora.wikipedia.html.native_names import (
    COORDINATES,
    GLOSS,
    MEANT,
    is_language,
    is_native,
    labels,
    said,
    unmarked,
)

_IPA = "ˈˌːəɪʊɛɔɑɒæɜʌθðŋʃʒɡɾʁɹʎɲɟɕʑʔβɣχħʕɨʉɵɐɫɯɤʂʐɖʈɳɭʋɦ\u0303\u0329\u032f\u0361"
_PLAIN_IPA = (
    re.compile(rf"\[[^\[\]\n]{{0,120}}[{_IPA}][^\[\]\n]{{0,120}}\]"),
    re.compile(rf"(?<![\w/])/[^/\s()][^/\n]{{0,80}}[{_IPA}][^/\n]{{0,80}}/(?!\w)"),
    re.compile(r"\(\s*listen\s*\)|\(\s*help\s*·\s*info\s*\)|[\u24d8\U0001f50a]"),
)
_STRAY_COMMA = re.compile(r"\s*,(?=\s*(?:(?P<bracket>\()|(?:is|was|are|were)\b))")
_BRACKET = re.compile("[(（)）]")
_DEEPEST = 10
_GROUP = {"(": ")", "（": "）"}


def without_asides(text: str) -> str:
    """The text without pronunciations and native names, and without marks; spaces stay ragged."""
    for pattern in _PLAIN_IPA:
        text = pattern.sub(SOUND, text)
    text = _groups(text)
    return MARKS.sub("", _sounds_outside(text))


def _groups(text: str, depth: int = 0) -> str:
    """Rewrite each outermost parenthesis of `text`, inner ones first."""
    out: list[str] = []
    at = 0
    for start, end in _outermost(text) if depth < _DEEPEST else ():
        out.append(text[at:start])
        before = "".join(out)[-80:]
        kept = _kept(_groups(text[start + 1 : end], depth + 1), before)
        at = end + 1
        if kept is not None:
            out.append(text[start] + kept + text[end])
        elif (stray := _STRAY_COMMA.match(text, at)) and (
            stray["bracket"] or not re.search(r"[,.;](?!\d)", before)
        ):
            # The comma belonged to the parenthesis: `Monterrey (...), is the capital`.
            at = stray.end()
    return "".join([*out, text[at:]])


def _outermost(text: str) -> list[tuple[int, int]]:
    """Where the outermost brackets that close open and close; stray ones are skipped."""
    pairs: list[tuple[int, int]] = []
    stack: list[int] = []
    for bracket in _BRACKET.finditer(text):
        c, at = bracket[0], bracket.start()
        if c in _GROUP:
            stack.append(at)
        elif stack and _GROUP[text[stack[-1]]] == c:
            start = stack.pop()
            while pairs and pairs[-1][0] > start:
                pairs.pop()
            pairs.append((start, at))
    return pairs


def _kept(inside: str, before: str) -> str | None:
    """What stays of a parenthesis, None where nothing does."""
    segments = _split(inside, ";")
    if COORDINATES.fullmatch(MARKS.sub("", inside)) or not any(map(said, segments)):
        return None
    kept: list[str] = []
    any_gone = False
    for segment in segments:
        parts, gone = _parts_kept(_split(segment, ","), before, any_gone)
        any_gone |= gone
        if parts:
            kept.append(", ".join(parts))
    if not any_gone:
        return inside
    return "; ".join(kept) if kept else None


def _parts_kept(parts: list[str], before: str, after_gone: bool) -> tuple[list[str], bool]:
    """The parts of one segment that stay, and whether any went."""
    kept: list[str] = []
    native = False
    gone = False
    for i, part in enumerate(parts):
        rest = parts[i + 1 :]
        if not said(part):
            gone = True
            native = native or SOUND in part
        elif is_native(part, before) or (is_language(part) and any(map(labels, rest))):
            gone = native = True
        elif (native and not MEANT.match(unmarked(part))) or (
            (native or after_gone) and i == 0 and GLOSS.match(unmarked(part)) and "lit" in part
        ):
            gone = True
        else:
            native = False
            kept.append(part.replace(SOUND, "").strip())
    return kept, gone


def _split(text: str, at: str) -> list[str]:
    """Split at a character outside of inner brackets, quotes and numbers."""
    parts, depth, start, quoted = [], 0, 0, False
    for i, c in enumerate(text):
        if c == '"' or c in "“”":
            quoted = not quoted and (c != "”")
        depth += (c in "([（") - (c in ")]）")
        number = c == "," and text[i - 1 : i].isdigit() and text[i + 1 : i + 2].isdigit()
        if c == at and depth <= 0 and not quoted and not number:
            parts.append(text[start:i])
            start = i + 1
    return [*parts, text[start:]]


_INTRODUCED = (
    r"(?:(?:also|or|and|locally|usually|often|sometimes|pronounced|pronunciation:?|in|as|IPA:?|"
    r"[A-Z]\w+:|[A-Z]\w+ pronunciation:?)\s+)*"
)
_AFTER_COMMA = re.compile(
    rf"\s*[,;]\s*{_INTRODUCED}{SOUND}(?:[\s,]*{_INTRODUCED}{SOUND})*(?P<close>\s*,)?(?P<verb>\s*(?:is|was|are|were)\b)?"
)
_PRONOUNCED = re.compile(rf"\s*\b(?:pronounced|pronunciation:?)\s*(?={SOUND})")


def _sounds_outside(text: str) -> str:
    """Take out pronunciations that stand in the sentence: `Granada, locally [ɡɾaˈna], is`."""

    def closed(found: re.Match[str]) -> str:
        comma = "," if found["close"] and not found["verb"] else ""
        return comma + (found["verb"] or ("" if comma else " "))

    return _PRONOUNCED.sub(" ", _AFTER_COMMA.sub(closed, text))
