"""Fact files: our own columns, ParaRel and LRE, made up and the published ones."""

import json
from pathlib import Path

import pytest

from kn_assets.corpora.plan import CorpusPlan
from kn_assets.errors import KnError
from kn_assets.knowledge.fact_files import fingerprint, read
from kn_assets.knowledge.fact_tables import FactsPlan, facts_fingerprint, write_facts
from kn_assets.knowledge.facts import Fact
from kn_assets.lake import Lake
from kn_assets.lake.plan import stale
from kn_assets.progress import Progress
from tests.models.tiny import REALDATA

PUBLISHED = REALDATA / "facts"


class Said(Progress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def published(name: str) -> Path:
    if not (PUBLISHED / name).exists():
        pytest.skip(f"the published facts are not in {PUBLISHED.name} here")
    return PUBLISHED / name


def lines(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return path


def test_csv_rows_of_one_fact_are_its_wordings(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "relation,subject,object,prompt\n"
        "capital,Peru,Lima,The capital of Peru is\n"
        'capital,Peru,Lima,"Peru, whose capital is"\n'
        "capital,Peru,Lima,The capital of Peru is\n"
        "capital,Chad,N'Djamena,The capital of Chad is\n",
        encoding="utf-8",
    )
    assert read(path) == [
        Fact("capital", "Peru", "Lima", ("The capital of Peru is", "Peru, whose capital is")),
        Fact("capital", "Chad", "N'Djamena", ("The capital of Chad is",)),
    ]


def test_templates_are_filled_and_cut_at_the_object(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "mine.jsonl",
        {"subject": "Peru", "object": "Lima", "template": "the capital of {} is"},
        {"subject": "Peru", "object": "Lima", "template": "[X] has its capital in [Y]."},
        {"subject": "Peru", "object": "Lima", "template": "{} is governed from Lima ."},
        {"subject": "Peru", "object": "Lima", "template": "[Y] is the capital of [X]."},
        {"subject": "Peru", "object": "Lima", "template": "[Y] is what [X] has for a capital"},
        {"subject": "Peru", "object": "Lima", "template": "the capital is"},
    )
    said = Said()
    (fact,) = read(path, said)
    assert fact.relation == "mine"
    assert fact.prompts == (
        "The capital of Peru is",
        "Peru has its capital in",
        "Peru is governed from",
    )
    assert said.lines == ["mine.jsonl: skipped 3 prompts that don't end with the object"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"subject": "a", "prompt": "b"}], "no column object"),
        ([{"subject": "a", "object": "b"}], "neither a column prompt nor"),
        ([{"subject": "a", "object": "", "prompt": "c"}], "line 1: a subject and an object"),
        (
            [{"subject": "a", "object": "b", "template": "[Y] is [X]"}],
            "a prompt that ends with the object",
        ),
        ([["a"]], "JSON object"),
    ],
)
def test_bad_rows_are_told(tmp_path: Path, rows: list[object], said: str) -> None:
    with pytest.raises(KnError, match=said):
        read(lines(tmp_path / "bad.jsonl", *rows))


def test_bad_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"samples": []}')
    (tmp_path / "b.json").write_text("{")
    for name in ("a.json", "b.json"):
        with pytest.raises(KnError, match="LRE"):
            read(tmp_path / name)
    with pytest.raises(KnError, match="can't read"):
        read(tmp_path / "none.json")
    with pytest.raises(KnError, match="no file"):
        read(tmp_path / "none.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(KnError, match="no files"):
        read(tmp_path / "empty")
    lines(tmp_path / "p" / "patterns" / "P1.jsonl", {"patern": "[X] is [Y]"})
    lines(tmp_path / "p" / "trex" / "P1.jsonl", {"sub_label": "a", "obj_label": "b"})
    with pytest.raises(KnError, match=r"P1.jsonl, line 1: there is no pattern"):
        read(tmp_path / "p")


def test_fingerprints_tell_contents_apart(tmp_path: Path) -> None:
    file = tmp_path / "facts.csv"
    file.write_text("subject,object,prompt\nKabul,Asia,Kabul is in\n")
    before = fingerprint(file)
    assert fingerprint(str(file)) == before
    file.write_text("subject,object,prompt\nLima,Peru,Lima is in\n")
    assert fingerprint(file) != before
    folder = fingerprint(tmp_path)
    lines(tmp_path / "P1.jsonl", {"pattern": "[X] is [Y]"})
    assert fingerprint(tmp_path) != folder
    with pytest.raises(KnError, match="there is no file or folder"):
        fingerprint(tmp_path / "none.csv")


def test_a_file_takes_the_place_of_the_corpus_own_facts(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    corpus = CorpusPlan(lake, "geonames")
    corpus.make(["cities"], Progress())
    file = tmp_path / "facts.csv"
    file.write_text("subject,object,prompt\nKabul,Asia,Kabul is in\n")
    own = facts_fingerprint(corpus)
    assert facts_fingerprint(corpus, str(file)) != own
    assert write_facts(corpus, str(file)) == {"facts": 1, "fact_prompts": 1}
    (row,) = lake.read(corpus.partition, "facts").to_pylist()
    assert (row["subject"], row["object"]) == ("Kabul", "Asia")
    assert not stale(FactsPlan(corpus, str(file)))
    assert write_facts(corpus)["facts"] > 1000
    assert not stale(FactsPlan(corpus))
    assert stale(FactsPlan(corpus, str(file))) == ["facts", "fact_prompts"]


def test_pararel(tmp_path: Path) -> None:
    lines(
        tmp_path / "patterns" / "P17.jsonl",
        {"pattern": "[X] is located in [Y] ."},
        {"pattern": "[X], located in [Y]."},
        {"pattern": "[Y] is where [X] is."},
    )
    lines(tmp_path / "trex" / "P17.jsonl", {"sub_label": "Herat", "obj_label": "Afghanistan"})
    lines(tmp_path / "trex" / "P31.jsonl", {"sub_label": "Herat", "obj_label": "city"})
    assert read(tmp_path) == [
        Fact("P17", "Herat", "Afghanistan", ("Herat is located in", "Herat, located in"))
    ]


def test_published_pararel() -> None:
    found = read(published("pararel"))
    wordings = {f.relation: len(f.prompts) for f in found}
    # Counted from the files by hand: patterns, and those that the object ends.
    assert (wordings["P17"], wordings["P36"], wordings["P37"], wordings["P190"]) == (3, 8, 1, 1)
    assert len(wordings) == 39
    (fact,) = [f for f in found if (f.relation, f.subject) == ("P36", "Cook County")]
    assert fact.object == "Chicago"
    assert fact.prompts[:2] == (
        "The capital of Cook County is",
        "The capital city of Cook County is",
    )
    assert not any("[" in text for f in found for text in f.prompts)


def test_published_lre() -> None:
    found = read(published("lre-relations"))
    count: dict[str, int] = {}
    for fact in found:
        count[fact.relation] = count.get(fact.relation, 0) + 1
    assert len(count) == 26
    # Mexico -> Mexico City is left out, and so are the stars whose names tell the constellation.
    assert (count["country-capital-city"], count["star-constellation-name"]) == (23, 263)
    (fact,) = read(published("lre-relations/country_currency.json"))[:1]
    assert (fact.subject, fact.object) == ("United States", "Dollar")
    assert fact.prompts[0] == "The official currency of United States is the"
    assert len(fact.prompts) == 5
