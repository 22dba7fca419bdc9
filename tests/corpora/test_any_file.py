"""A file of any content gives rows or one KnError; what Python's csv module wrote comes back."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kn_assets.corpora import own_file, table_file
from kn_assets.errors import KnError
from kn_assets.knowledge import fact_files

ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
"""Each example writes over the last one's file."""

PIECES = (
    *("name", "text", "city_id", "population", "latitude", "is_capital", "alternate_names"),
    *("subject", "object", "relation", "prompt", "template", "{}", "[X]", "[Y]", "{object}"),
    *(",", ",", ",", "\n", "\n", "\r\n", "\r", '"', '""', ";", "|", " ", "\t", "\x00", "\ufeff"),
    *("Lima", "São", "東京", "1", "-7", "1e400", "nan", "inf", "90", "yes", "1_0", "\ud800"),
    *("{", "}", "{}", "[]", "null", "1" * 400, '{"name": "a", "text": "b"}'),
    '{"subject": "a", "object": "b", "prompt": "c"}',
)
SPLICED = st.lists(st.sampled_from(PIECES), max_size=40).map(
    lambda pieces: "".join(pieces).encode("utf-8", "surrogatepass")
)
HEADS = st.sampled_from(
    [b"name,text\n", b"name,text,population,latitude\n", b"subject,object,prompt\n", b"PAR1", b""]
)
CONTENT = st.builds(bytes.__add__, HEADS, st.one_of(SPLICED, st.binary(max_size=200)))


def rows_of(path: Path) -> list[tuple[int, dict[str, Any]]]:
    return list(table_file.read(path, lambda _: None))


READERS: dict[str, Callable[[Path], Any]] = {
    "rows": rows_of,
    "corpus": own_file.read,
    "facts": fact_files.read,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("suffix", [*table_file.READERS, ".json"])
@ONE_FOLDER
@given(content=CONTENT)
@example(content=b"")
@example(content=b"name,text,name\na,b,c\n")
@example(content=b'{"name": "a", "text": "b", "alternate_names": 7}\n')
@example(content=b'{"name": "a", "text": "b", "population": true}\n')
@example(content=b"[" * 100_000)
@example(content=b'{"name": "a", "text": "b", "population": ' + b"9" * 5000 + b"}")
def test_any_bytes_give_rows_or_one_error(
    tmp_path: Path, reader: str, suffix: str, content: bytes
) -> None:
    path = tmp_path / f"own{suffix}"
    path.write_bytes(content)
    try:
        read = READERS[reader](path)
    except KnError as e:
        read = str(e)
        assert "\n" not in read and "own" in read
    assert read or reader == "rows", "neither rows nor a word on why there are none"


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
NAMES = st.lists(CELLS, min_size=1, max_size=5, unique=True)


@ONE_FOLDER
@given(data=st.data(), names=NAMES, quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
def test_what_the_csv_module_wrote_is_read_back(
    tmp_path: Path, data: st.DataObject, names: list[str], quoting: Any
) -> None:
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(names, CELLS)), max_size=6))
    path = tmp_path / "own.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as f:
        writer = csv.DictWriter(f, names, quoting=quoting)
        writer.writeheader()
        writer.writerows(rows)
    heads: list[list[str]] = []
    assert [row for _, row in table_file.read(path, heads.append)] == rows
    assert heads == [names]


@ONE_FOLDER
@given(rows=st.lists(st.dictionaries(CELLS, CELLS, min_size=1), min_size=1, max_size=6))
def test_what_the_json_module_wrote_is_read_back(
    tmp_path: Path, rows: list[dict[str, str]]
) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert rows_of(path) == list(enumerate(rows, 1))
