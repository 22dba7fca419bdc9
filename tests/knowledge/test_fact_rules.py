"""What of a fact file is asked, in which words, and what is left out and counted."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kn_assets.errors import KnError
from kn_assets.knowledge.fact_files import read
from kn_assets.knowledge.fact_rules import named, stands_in
from kn_assets.knowledge.facts import Fact
from tests.knowledge.test_fact_files import Said, lines


def row(subject: Any, answer: Any, prompt: str = "", relation: str = "r") -> dict[str, Any]:
    text = prompt or f"The place of {subject} is"
    return {"relation": relation, "subject": subject, "object": answer, "prompt": text}


def told(tmp_path: Path, *rows: dict[str, Any]) -> tuple[list[Fact], list[str]]:
    said = Said()
    return read(lines(tmp_path / "mine.jsonl", *rows), said), said.lines


def test_an_answer_in_the_question_tells_nothing(tmp_path: Path) -> None:
    found, said = told(
        tmp_path,
        row("Kabul", "Kabul"),
        row("Milan Province", "Milan"),
        row("Mexico", "Mexico City"),
        row("Lima", "Peru", "Lima, in Peru's west, lies in"),
        row("Lima", "Peru", "Lima lies in"),
        row("Niamey", "Niger", "Nigeria lies beside"),
    )
    assert [(f.subject, f.prompts) for f in found] == [
        ("Lima", ("Lima lies in",)),
        ("Niamey", ("Nigeria lies beside",)),
    ]
    assert said == [
        "mine.jsonl: skipped 3 facts whose answer stands in the subject or the other way round, "
        "1 prompts in which the answer stands"
    ]


def test_a_subject_with_several_objects_has_no_answer(tmp_path: Path) -> None:
    found, said = told(
        tmp_path,
        row("Turkey", "Asia"),
        row("turkey", "Europe"),
        row("Turkey", "Ankara", relation="capital"),
        row("Peru", "America"),
        row("Peru", "america", "Peru lies in"),
    )
    assert [(f.relation, f.subject, f.object) for f in found] == [
        ("capital", "Turkey", "Ankara"),
        ("r", "Peru", "America"),
        ("r", "Peru", "america"),
    ]
    assert said == ["mine.jsonl: skipped 2 facts whose subject has several objects"]


def test_the_first_of_a_list_is_the_object(tmp_path: Path) -> None:
    found, said = told(
        tmp_path,
        row("Norway", ["Oslo", "Christiania"]),
        row("Peru", '["Lima", "Ciudad de los Reyes"]'),
        row("Chad", "['N Djamena', 'Fort-Lamy']"),
        row("Burma", ["Yangon", "Rangoon"], "Where Rangoon lies:"),
        row("Kristiania", ["Oslo", "Christiania", "Kristiania"]),
        row("Year", 1969),
        row("Zero", 0),
        row("Note", "[sic"),
    )
    assert [(f.subject, f.object) for f in found] == [
        ("Norway", "Oslo"),
        ("Peru", "Lima"),
        ("Chad", "N Djamena"),
        ("Year", "1969"),
        ("Zero", "0"),
        ("Note", "[sic"),
    ]
    assert "1 facts whose answer stands in the subject" in said[0]
    assert "1 prompts in which the answer stands" in said[0]


@pytest.mark.parametrize(
    "value", [{"label": "Oslo"}, '{"label": "Oslo"}', [["Oslo"]], True, [{"en": "Oslo"}]]
)
def test_what_is_no_text_is_refused_with_its_line(tmp_path: Path, value: Any) -> None:
    rows = [row("Peru", "Lima"), row("Norway", value)]
    with pytest.raises(KnError, match=r"line 2: the object can't be .*: give a text, or a list"):
        told(tmp_path, *rows)
    with pytest.raises(KnError, match=r"line 2: the subject can't be"):
        told(tmp_path, rows[0], {**row("Norway", "Oslo"), "subject": value})


@pytest.mark.parametrize("value", [None, "", " ", [], [None], float("nan")])
def test_an_empty_object_is_refused_with_its_line(tmp_path: Path, value: Any) -> None:
    assert named(value, "object", "here") == []
    with pytest.raises(KnError, match="line 1: a subject and an object are needed"):
        told(tmp_path, row("Norway", value))


def test_lists_of_parquet_and_lre(tmp_path: Path) -> None:
    rows = [row("Norway", ["Oslo", "Christiania"]), row("Peru", ["Lima"])]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "mine.parquet")
    assert [f.object for f in read(tmp_path / "mine.parquet")] == ["Oslo", "Lima"]
    relation = {
        "name": "capital",
        "prompt_templates": ["The capital of {} is"],
        "samples": [{"subject": "Norway", "object": ["Oslo", "Christiania"]}],
    }
    (tmp_path / "capital.json").write_text(json.dumps(relation))
    assert read(tmp_path / "capital.json") == [
        Fact("capital", "Norway", "Oslo", ("The capital of Norway is",))
    ]
    relation["samples"] = [{"subject": "Norway", "object": {"label": "Oslo"}}]
    (tmp_path / "capital.json").write_text(json.dumps(relation))
    with pytest.raises(KnError, match="sample 1: the object can't be"):
        read(tmp_path / "capital.json")


def test_a_file_of_which_nothing_is_left_says_why(tmp_path: Path) -> None:
    with pytest.raises(KnError, match=r"no fact that can be asked.*skipped 1 facts whose answer"):
        told(tmp_path, row("Kabul", "Kabul"))


def test_a_name_in_a_text_is_whole_words() -> None:
    assert stands_in("peru", "Lima (Peru)") and stands_in("C++", "written in C++.")
    assert not stands_in("Niger", "Nigeria") and not stands_in("is", "This")
