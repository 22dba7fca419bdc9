"""Which parentheses of a lead a careful person leaves out, and how the sentence closes behind them.

`Kabul (/ˈkɑːbʊl/; Pashto: کابل, romanized: Kābəl) is` becomes `Kabul is`. A parenthesis is read as
parts between semicolons and commas. A part goes where it is a pronunciation, text in another
script, the name in another language (`Spanish: ...`), a romanization, or coordinates. What carries
meaning stays: `(; formerly Gauhati)` becomes `(formerly Gauhati)`, `(5,876 ft)` stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from kn_assets.wikipedia.lead import CLOSE, LABEL, MARKS, OPEN, SOUND
from kn_assets.wikipedia.words import FILLER, INTRODUCING, LANGUAGES, NO_LANGUAGE

_IPA = "ˈˌːəɪʊɛɔɑɒæɜʌθðŋʃʒɡɾʁɹʎɲɟɕʑʔβɣχħʕɨʉɵɐɫɯɤʂʐɖʈɳɭʋɦ\u0303\u0329\u032f\u0361"
_PLAIN_IPA = (
    re.compile(rf"\[[^\[\]\n]{{0,120}}[{_IPA}][^\[\]\n]{{0,120}}\]"),
    re.compile(rf"(?<![\w/])/[^/\s()][^/\n]{{0,80}}[{_IPA}][^/\n]{{0,80}}/(?!\w)"),
    re.compile(r"\(\s*listen\s*\)|\(\s*help\s*·\s*info\s*\)|[\u24d8\U0001f50a]"),
)

_LANGUAGE_ENDING = re.compile(r".{2,}(?:ish|ian|ese|ic|ani|ano|lish|aic|ati|olo)$")

_LABELLED = re.compile(
    rf"^(?:(?:also|or|and|in|from|both|locally|officially|formally|{SOUND})[\s,]+)*"
    rf"(?P<label>[^\s:{OPEN}][^:{OPEN}]{{0,60}}?)\s*:(?!\d)\s*(?P<value>.*)$",
    re.DOTALL,
)
_ALWAYS_GO = re.compile(
    r"(?:also |or |usually |often |locally |see )*(?:pronounced|pronunciation|other names|"
    r"names below|(?<=see )(?:below|above)|romani[sz](?:ed|ation)|transliterat\w+|translit\.?|"
    r"transl\.?|transcribed|pinyin|jyutping|hepburn|iast|ipa|rōmaji|romaji)\b",
    re.IGNORECASE,
)
_GLOSS = re.compile(r"(?:lit\.|literally|meaning|trans\.|translat\w+|or|and)(?!\w)", re.IGNORECASE)
_MEANT = re.compile(
    r"(?:(?:also|or|and|better|later|then|now|previously|originally|historically|widely|officially|"
    r"commonly|often|sometimes|colloquially|locally|formally|more|until|in|from) )*"
    r"(?:former|formerly|historic\w*|previously|originally|until|since|after|before|born|died|b\.|d\.|r\.|"
    r"founded|established|incorporated|known|called|named|renamed|nicknamed|abbreviat\w+|abbr|"
    r"spelled|spelt|rendered|colloquially|officially|commonly|population|pop\.|est\.?|estimated?|"
    r"c\.|ca\.|circa|as of|including|e\.g\.|i\.e\.|approximately|about|nearly|over|under|which|who|"
    r"where|not|the|now|today|from|to|within|near|see|one|two|three|\w+ for|short for|because|"
    r"although|with|by|on|at|[\d~≈<>$€£+−–-])(?!\w)",
    re.IGNORECASE,
)
_COORDINATES = re.compile(r"[\d\s.,;/°º′'’\"″”NSEWnsew+−-]*[°º][\d\s.,;/°º′'’\"″”NSEWnsew+−-]*")
_RESPELLING = re.compile(r"[^\W\d_]+(?:[-‑·][^\W\d_]+)*")
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
    if _COORDINATES.fullmatch(MARKS.sub("", inside)) or not any(map(_said, segments)):
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
        if not _said(part):
            gone = True
            native = native or SOUND in part
        elif _is_native(part, before) or (_is_language(part) and any(map(_labels, rest))):
            gone = native = True
        elif (native and not _MEANT.match(_plain(part))) or (
            (native or after_gone) and i == 0 and _GLOSS.match(_plain(part)) and "lit" in part
        ):
            gone = True
        else:
            native = False
            kept.append(part.replace(SOUND, "").strip())
    return kept, gone


def _is_native(part: str, before: str) -> bool:
    """Whether a part of a parenthesis gives a name in other letters, sounds or languages."""
    plain = _plain(part)
    if _ALWAYS_GO.match(plain) or _COORDINATES.fullmatch(plain):
        return True
    if any(map(is_other_script, plain)):
        return True
    if _labels(part):
        return True
    if part.strip().startswith(OPEN) and part.strip().endswith(CLOSE) and part.count(OPEN) == 1:
        return True
    if SOUND in part and not _MEANT.match(plain):
        return True
    return _same_name(plain, before)


def _labels(part: str) -> bool:
    """Whether a part reads `Language: name`; English glosses such as `English: Springs` don't."""
    found = _LABELLED.match(part.strip())
    if not found:
        return False
    label, value = found["label"], found["value"]
    words = _plain(label).lower().replace("/", " ").split()
    if words and words[-1] == "english" and _said(value) and SOUND not in value:
        return False
    return LABEL in label or OPEN in value[:1] or _is_language(label)


def _is_language(label: str) -> bool:
    """Whether words name a language or a script, or several: `Pashto, Dari`, `Urdu and Punjabi`."""
    words = [w for w in re.split(r"[\s,/&]+", _plain(label).lower().strip(" .:")) if w]
    if not words or len(words) > 7:
        return False
    names = [w for w in words if w not in FILLER and not w.isdigit()]
    if not names:
        return bool(set(words) & {"uk", "us", "ipa", "lit", "pronunciation", "ga", "rp"})
    return _language_name(names[-1]) or (_language_name(names[0]) and len(names) <= 2)


@cache
def _language_name(word: str) -> bool:
    word = unicodedata.normalize("NFKD", word.strip("()'’\""))
    word = "".join(c for c in word if not unicodedata.combining(c))
    if word in NO_LANGUAGE:
        return False
    last = word.rsplit("-", 1)[-1]
    return word in LANGUAGES or last in LANGUAGES or bool(_LANGUAGE_ENDING.match(word))


def _said(text: str) -> bool:
    """Whether anything remains beside sounds, punctuation and the words that introduce sounds."""
    words = re.findall(r"[^\s,;:·()/\"'“”‘’?!.–—-]+(?:[-‑·][^\s,;:()]+)*", _plain(text))
    if SOUND not in text and not any(_is_respelling(w) and "-" in w for w in words):
        return not {w.lower() for w in words if any(map(str.isalnum, w))} <= INTRODUCING
    return any(
        w.lower() not in FILLER and not _language_name(w.lower()) and not _is_respelling(w)
        for w in words
    )


def _is_respelling(word: str) -> bool:
    """`KAH-bul`, `see-AT-əl`: syllables with the stressed one in capitals."""
    return bool(
        ("-" in word or "ə" in word or word.isupper()) and _RESPELLING.fullmatch(word)
    ) and any(s.isupper() and len(s) > 1 for s in re.split(r"[-‑·]", word))


def _same_name(plain: str, before: str) -> bool:
    """`Varanasi (Vārāṇasī...`: the name once more, with other accents."""
    name = _folded(plain)
    shown = _plain(before)
    same = bool(name) and _folded(shown).endswith(name)
    return same and not shown.rstrip().endswith(plain) and name.isalpha()


@cache
def is_other_script(c: str) -> bool:
    """Whether a character is a letter of another script than Latin."""
    n = ord(c)
    latin = (0x2100, 0x214F), (0x1D00, 0x1DBF), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF)
    return (
        n > 0x2FF and unicodedata.category(c)[0] == "L" and not any(a <= n <= b for a, b in latin)
    )


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if c.isalnum())


def _plain(text: str) -> str:
    return " ".join(MARKS.sub("", text).split())


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
