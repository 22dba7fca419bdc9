"""Values that nobody means, as the JSON texts in which a browser, or a stranger, sends them."""

from __future__ import annotations

import json
from zlib import crc32

LONG = 1_000_000
"""Characters of the longest text: with a question around it just below what a body may have."""

_NUMBERS = (
    *("0", "1", "-1", "-0.0", "0.5", "1.0", "1e15", "1e308", "2147483647", "2147483648"),
    *("9007199254740993", "9223372036854775807", "-9223372036854775809", "1" + "0" * 400),
    *("1e400", "-1e400", "NaN", "Infinity", "-Infinity"),
)
_TEXTS = (
    *("", " ", "0", "1e400", "null", "\x00", "a\x00b", "\ud800", "\uffff", "\u202eabc", "שלום"),
    *("e" + "\u0301" * 300, "👩‍👩‍👧‍👦", "東京", "%s%n", "${1+1}", "<script>alert(1)</script>"),
    *("' OR 1=1 --", "'; DROP TABLE neurons; --", "') FROM read_text('/etc/passwd'); --", '"'),
    *("\\", "$1", "%", "(" * 150, "../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "~"),
    *("C:\\Windows\\x", "http://127.0.0.1:1/x", "__proto__", "nobody", "tiny@step9", "@", "a=b/ü"),
    *("2024-02-30", "L" + "9" * 400 + "N1", "layer ٣ neuron ٤", "FROM atlases; SELECT 2"),
)
_LISTS = (
    *("[]", "[[]]", "[null]", "[[0, 0], [0, 0], [0, 0]]", '["a", "b"]', "[[true, 0.5]]", "[{}]"),
    *("[[9223372036854775807, -1]]", "[[1e400, 0], [0, 0], [0, 1]]", "[" * 15 + "]" * 15),
    *("[" + ", ".join(["[0, 0]"] * 3000) + "]", "[" * 1000 + "]" * 1000),
)
_OBJECTS = (
    *("{}", '{"__proto__": {}}', '{"kind": {}}', '{"kind": "token", "id": 2147483647}'),
    *('{"kind": "token", "token": "\\u0000", "first": 5}', '{"model": "tiny", "prompt": 0}'),
)


def _named() -> dict[str, str]:
    texts = [json.dumps(text) for text in _TEXTS]
    told = ["null", "true", "false", *_NUMBERS, *texts, *_LISTS, *_OBJECTS]
    return {**{text[:60]: text for text in told}, "a long text": json.dumps("Kabul " * (LONG // 6))}


VALUES = _named()
"""By a name: the text itself where it is short."""

ONE_IN = 7
"""Of how many values one is tried for each argument, where not all are: ten."""


def some(values: dict[str, str], place: str) -> dict[str, str]:
    """One in seven of the values, spread over all of them: others for each place, which is the name
    of a question and that of an argument, but for each the same ones every time.
    """
    return dict([*values.items()][crc32(place.encode()) % ONE_IN :: ONE_IN])
