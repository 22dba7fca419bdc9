"""Which parts of a parenthesis give a name in other letters, sounds or languages."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from kn_assets.corpora.wikipedia.html.lead import CLOSE, LABEL, MARKS, OPEN, SOUND
from kn_assets.corpora.wikipedia.html.words import FILLER, INTRODUCING, LANGUAGES, NO_LANGUAGE

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
GLOSS = re.compile(r"(?:lit\.|literally|meaning|trans\.|translat\w+|or|and)(?!\w)", re.IGNORECASE)
MEANT = re.compile(
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
COORDINATES = re.compile(r"[\d\s.,;/°º′'’\"″”NSEWnsew+−-]*[°º][\d\s.,;/°º′'’\"″”NSEWnsew+−-]*")
_RESPELLING = re.compile(r"[^\W\d_]+(?:[-‑·][^\W\d_]+)*")


def is_native(part: str, before: str) -> bool:
    """Whether a part of a parenthesis gives a name in other letters, sounds or languages."""
    plain = unmarked(part)
    if _ALWAYS_GO.match(plain) or COORDINATES.fullmatch(plain):
        return True
    if any(map(_is_other_script, plain)):
        return True
    if labels(part):
        return True
    if part.strip().startswith(OPEN) and part.strip().endswith(CLOSE) and part.count(OPEN) == 1:
        return True
    if SOUND in part and not MEANT.match(plain):
        return True
    return _same_name(plain, before)


def labels(part: str) -> bool:
    """Whether a part reads `Language: name`; English glosses such as `English: Springs` don't."""
    found = _LABELLED.match(part.strip())
    if not found:
        return False
    label, value = found["label"], found["value"]
    words = unmarked(label).lower().replace("/", " ").split()
    if words and words[-1] == "english" and said(value) and SOUND not in value:
        return False
    return LABEL in label or OPEN in value[:1] or is_language(label)


def is_language(label: str) -> bool:
    """Whether words name a language or a script, or several: `Pashto, Dari`, `Urdu and Punjabi`."""
    words = [w for w in re.split(r"[\s,/&]+", unmarked(label).lower().strip(" .:")) if w]
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


def said(text: str) -> bool:
    """Whether anything remains beside sounds, punctuation and the words that introduce sounds."""
    words = re.findall(r"[^\s,;:·()/\"'“”‘’?!.–—-]+(?:[-‑·][^\s,;:()]+)*", unmarked(text))
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
    shown = unmarked(before)
    same = bool(name) and _folded(shown).endswith(name)
    return same and not shown.rstrip().endswith(plain) and name.isalpha()


@cache
def _is_other_script(c: str) -> bool:
    """Whether a character is a letter of another script than Latin."""
    n = ord(c)
    latin = (0x2100, 0x214F), (0x1D00, 0x1DBF), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF)
    return (
        n > 0x2FF and unicodedata.category(c)[0] == "L" and not any(a <= n <= b for a, b in latin)
    )


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if c.isalnum())


def unmarked(text: str) -> str:
    """The text without marks, single-spaced."""
    return " ".join(MARKS.sub("", text).split())
