from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kn_assets.corpora import names, own_file
from kn_assets.errors import KnError
from kn_assets.lake.schema import TABLES
from kn_assets.progress import LogProgress

ROWS = [
    {"name": "Kabul", "text": "Kabul is the capital of Afghanistan.", "population": 3043532},
    {"name": "Herat", "text": "Herat lies in Afghanistan.", "population": 272806},
]


def write(path: Path, rows: list[dict]) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".csv":
        head = ",".join(rows[0])
        path.write_text(
            "\n".join([head, *(",".join(f'"{v}"' for v in row.values()) for row in rows)]),
            encoding="utf-8",
        )
    else:
        path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".ndjson", ".parquet", ".CSV"])
def test_all_formats_give_the_same_tables(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"places{suffix}"
    write(tmp_path / f"places{suffix.lower()}", ROWS)
    if suffix != suffix.lower():
        (tmp_path / f"places{suffix.lower()}").rename(path)
    cities, prompts = own_file.read(path)
    assert cities.schema == TABLES["cities"].schema
    assert prompts.schema == TABLES["prompts"].schema
    assert prompts.to_pylist() == [
        {"prompt_id": 0, "city_id": 0, "text": "Kabul is the capital of Afghanistan."},
        {"prompt_id": 1, "city_id": 1, "text": "Herat lies in Afghanistan."},
    ]
    assert cities["name"].to_pylist() == ["Kabul", "Herat"]
    assert cities["population"].to_pylist() == [3043532, 272806]
    assert cities["country"].to_pylist() == [None, None]
    assert cities["source"].to_pylist() == [path.name] * 2


def test_synonyms_and_optional_columns(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        [
            {
                "Title": "Lyon",
                "Description": "A city.",
                "geonameid": "2996944",
                "lat": "45.7",
                "lng": 4.8,
                "Country": "France",
                "is_capital": "no",
                "inhabitants": "522,250",
                "aliases": "Lugdunum; Lione",
                "unknown": [1],
            }
        ],
    )
    cities, prompts = own_file.read(path)
    (row,) = cities.to_pylist()
    assert row["name"] == "Lyon"
    assert row["city_id"] == prompts["city_id"][0].as_py() == 2996944
    assert (row["latitude"], row["longitude"]) == (45.7, 4.8)
    assert row["country"] == "France"
    assert row["is_capital"] is False
    assert row["population"] == 522250
    assert row["alternate_names"] == ["Lugdunum", "Lione"]


def test_ids_of_the_file_that_repeat_are_not_used(tmp_path: Path) -> None:
    rows = [{"name": n, "text": n, "city_id": 7} for n in "ab"]
    cities, _ = own_file.read(write(tmp_path / "a.jsonl", rows))
    assert cities["city_id"].to_pylist() == [0, 1]


def test_absent_numbers_of_pandas_are_null(tmp_path: Path) -> None:
    rows = [{"name": "a", "text": "t", "population": float("nan")}]
    cities, _ = own_file.read(write(tmp_path / "a.parquet", rows))
    assert cities["population"].to_pylist() == [None]


def test_text_is_normalized_and_empty_ones_are_counted(tmp_path: Path) -> None:
    rows = [
        {"name": "a", "text": "Sa\u0303o  \n\t Paulo"},
        {"name": "b", "text": "  \n "},
        {"name": "c", "text": None},
        {"name": "d", "text": "lone \ud800 surrogate"},
    ]
    said: list[str] = []
    _, prompts = own_file.read(write(tmp_path / "a.jsonl", rows), LogProgress(said.append))
    assert prompts["text"].to_pylist() == ["São Paulo", "lone ? surrogate"]
    assert prompts["prompt_id"].to_pylist() == [0, 1]
    assert said == ["a.jsonl: skipped 2 of 4 rows without a text"]


def test_the_first_thousand_characters_end_between_letters(tmp_path: Path) -> None:
    family = "👨\u200d👩\u200d👧"
    for tail, kept in [
        ("x" * 5, 1000),
        ("q\u0323\u0307zz", 999),  # no composed form exists, so two marks stay apart from their q
        (family, 999),
        ("👍🏽 zz", 999),
    ]:
        text = "a" * 999 + tail
        (row,) = own_file.read(write(tmp_path / "a.jsonl", [{"name": "a", "text": text}]))[
            1
        ].to_pylist()
        assert len(row["text"]) == kept
        assert row["text"] == unicodedata.normalize("NFC", text)[:kept]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"x", "use one of .csv, .jsonl"),
        ("a.csv", b"", "has no name column (found: none)"),
        ("a.csv", b"name,words\na,b\n", "has no text column (found: name, words): call it text"),
        ("a.csv", b"name,text\n", "has no row with a text"),
        ("a.csv", b"name,text\na,b\nc\n", "line 3: fewer fields than the header"),
        ("a.csv", b"name,text\na,b,c\n", "line 2: more fields than the header"),
        ("a.csv", b'name,text\na,"b"c\n', "line 2: "),
        ("a.csv", "name,text\nZürich,b\n".encode("latin-1"), "isn't UTF-8"),
        ("a.csv", b"name,text,population\na,b,many\n", "line 2: population can't be 'many'"),
        ("a.csv", b"name,text,latitude\na,b,91\n", "line 2: latitude can't be '91'"),
        ("a.csv", b"name,text,is_capital\na,b,perhaps\n", "is_capital can't be 'perhaps'"),
        ("a.jsonl", b'{"name": "a", "text": "b"}\n\n{"name"\n', "line 3: no JSON"),
        ("a.jsonl", b"[1, 2]\n", "line 1: a JSON object"),
        ("a.jsonl", b'{"name": "a", "text": {"b": 1}}\n', "line 1: text can't be"),
        ("a.jsonl", b"", "has no row with a text"),
        ("a.parquet", b"PAR1", "is no Parquet file"),
    ],
)
def test_faults_are_told_in_one_line(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(KnError) as e:
        own_file.read(path)
    assert said in str(e.value)
    assert name in str(e.value)
    assert "\n" not in str(e.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(KnError, match="there is no file"):
        own_file.read(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("places.csv", "places"),
        ("my places (2).jsonl", "my-places-2"),
        ("Orte Österreichs.parquet", "Orte-Osterreichs"),
        (".hidden.csv", "hidden"),
        ("a/b/cities.v2.csv", "cities.v2"),
    ],
)
def test_keys(name: str, key: str) -> None:
    assert own_file.key(name) == key


@pytest.mark.parametrize("name", ["wikipedia.csv", "GeoNames.jsonl", "東京.csv"])
def test_names_that_can_be_no_key(name: str) -> None:
    with pytest.raises(KnError, match="rename the file"):
        own_file.key(name)


def test_resolve(tmp_path: Path) -> None:
    path = write(tmp_path / "places.csv", ROWS)
    assert names.names() == ["wikipedia", "geonames"]
    assert names.resolve("geonames") == names.Corpus("geonames", "geonames")
    assert names.resolve("wikipedia") == names.Corpus("wikipedia", "wikipedia")
    assert names.resolve(str(path)) == names.Corpus("file", "places", path)
    with pytest.raises(KnError, match="is neither wikipedia, geonames, nor a file that exists"):
        names.resolve("wikipdia")
