"""What was made of other facts than the corpus holds now is shown by no view, and said."""

import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from kn_assets import lake as lakes
from kn_assets.cli import doctor
from kn_assets.database import database
from kn_assets.database.database import Database
from kn_assets.knowledge import facts
from kn_assets.knowledge.fact_tables import OF_CORPUS
from kn_assets.knowledge.facts import Fact
from kn_assets.knowledge.other_facts import answers_other_facts, attributed
from kn_assets.lake import Lake, asked
from kn_assets.lake.schema import ALL
from kn_assets.live.questions import Told
from tests.made import add_circuits, add_training
from ui.knowledge import view as knowledge
from ui.training import view as training

CORPUS, MODEL, STEP = lakes.corpus("made"), lakes.model("tiny"), lakes.model("tiny@step8")
OTHER = [
    Fact("city-country", f"Place {i}", f"Land {i}", tuple(f"Place {i} {w}" for w in ("is", "lies")))
    for i in range(40)
]
OF_FACTS = [name for name, table in ALL.items() if "fact_set" in table.names]
OF_MODELS = [name for name in OF_FACTS if ALL[name].kind == "model"]
MACROS = (
    "model_facts('tiny@step8')",
    "known_facts('tiny@step8')",
    "fact_neurons('tiny@step8', 0)",
    "fact_attributions('tiny@step8', 0)",
    "fact_interventions('tiny@step8', 0)",
    "fact_by_step('tiny', 0)",
    "fact_effects_by_step('tiny', 0)",
    "attribution_by_layer('tiny', 0)",
    "relation_effects_by_step('tiny', 'city-country')",
    "training_by_step('tiny')",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = add_training(tmp_path_factory.mktemp("facts"))
    add_circuits(lake.root, STEP.key)
    for fact in sorted(set(lake.read(STEP, "attribution_error")["fact_id"].to_pylist()))[:8]:
        keep_as_asked(lake, fact)
    return lake


def keep_as_asked(lake: Lake, fact: int) -> None:
    """Keep a fact's stored rows as those of an asking on demand, too."""
    rows = {}
    for like in asked.LIKE.values():
        table = lake.read(STEP, like)
        rows[like] = table.filter(pa.array([f == fact for f in table["fact_id"].to_pylist()]))
    answers = rows["fact_answers"]
    for name, kind in (("saturation_layer", pa.int16()), ("trained", pa.bool_())):
        answers = answers.append_column(name, pa.nulls(len(answers), kind))
    about = {"fact_id": fact, "what": "change", "fact_set": answers["fact_set"][0].as_py()}
    made_of = asked.identity(lake, STEP)
    asked.keep(lake, STEP, about, {**rows, "fact_answers": answers}, made_of)


@pytest.fixture(scope="module")
def replaced(made: Lake) -> Lake:
    """With other facts than the model answered, of which 0 is another one."""
    other = Lake(made.root.with_name("other_facts"))
    shutil.copytree(made.root, other.root)
    write(other, facts.tables(OTHER))
    return other


def write(lake: Lake, told: Any) -> None:
    for table, rows in zip(OF_CORPUS, told, strict=True):
        lake.write(CORPUS, table, rows, "made")


@lru_cache(maxsize=4)
def connected(lake: Lake, written: database.Stamp) -> duckdb.DuckDBPyConnection:
    """A database for as long as no table of the lake is written."""
    return database.connect(lake)


def ask(lake: Lake, sql: str) -> list[dict[str, Any]]:
    connection = connected(lake, database.stamp(lake))
    found: list[dict[str, Any]] = connection.sql(sql).to_arrow_table().to_pylist()
    return found


def test_the_facts_of_a_corpus_say_which_set_they_are() -> None:
    told, prompts = facts.tables(OTHER)
    again, _ = facts.tables(list(OTHER))
    assert len(set(told["fact_set"].to_pylist() + prompts["fact_set"].to_pylist())) == 1
    assert again.equals(told)
    for changed in (OTHER[:-1], OTHER[::-1], [*OTHER[1:], OTHER[0]]):
        assert facts.tables(changed)[0]["fact_set"][0] != told["fact_set"][0]
    worded = [Fact(f.relation, f.subject, f.object, (*f.prompts, "and")) for f in OTHER]
    assert facts.tables(worded)[0]["fact_set"][0] != told["fact_set"][0]


@pytest.mark.parametrize("table", OF_MODELS)
def test_a_view_shows_rows_of_these_facts_alone(made: Lake, table: str) -> None:
    where = MODEL if table == "fact_steps" else STEP
    assert len(ask(made, f"FROM {table} WHERE model = '{where.key}'")) > 5
    assert ask(made, "FROM answers_to_other_facts('tiny@step8') WHERE of_other_facts") == []


@pytest.mark.parametrize("table", OF_MODELS)
def test_a_view_shows_no_rows_of_other_facts(replaced: Lake, table: str) -> None:
    assert ask(replaced, f"FROM {table}") == []
    told = ask(replaced, "FROM answers_to_other_facts('tiny@step8') WHERE of_other_facts")
    assert [(r["model"], r["made_table"]) for r in told] == [
        ("tiny@step8", "fact_answers"),
        ("tiny@step8", "fact_lens"),
        ("tiny", "fact_steps"),
    ]


@pytest.mark.parametrize("macro", MACROS)
def test_macros_answer_with_these_facts_alone(made: Lake, macro: str) -> None:
    assert ask(made, f"FROM {macro}"), "there is something to show"


@pytest.mark.parametrize("macro", MACROS)
def test_macros_do_not_answer_with_other_facts(replaced: Lake, macro: str) -> None:
    assert ask(replaced, f"FROM {macro}") == []


def test_prompts_are_of_the_facts_beside_them(made: Lake) -> None:
    """A run killed between the two tables leaves one of each set."""
    own = made.read(CORPUS, "facts")
    made.write(CORPUS, "facts", facts.tables(OTHER)[0], "made")
    try:
        assert ask(made, "FROM fact_prompts") == []
    finally:
        made.write(CORPUS, "facts", own, "made")
    assert ask(made, "FROM fact_prompts")


def test_the_app_says_what_to_make_again(replaced: Lake) -> None:
    data = Database(replaced)
    try:
        found = knowledge.fact(data, "tiny@step8", 0)
        assert found["fact"]["subject"] == "Place 0"
        assert "answers, which are to other facts, are not shown" in found["missing"]
        assert "`kn knowledge --corpus made --model tiny@step8`" in found["missing"]
        for part in ("neurons", "interventions", "effects"):
            assert found[part] == [], part
        assert [p["rank"] for p in found["prompts"]] == [None, None]
        listed = knowledge.facts(data, "tiny@step8", "", 0, 100)["rows"]
        assert len(listed) == len(OTHER)
        assert {(r["n_prompts"], r["known"], r["n_neurons"]) for r in listed} == {(None, None, 0)}
        assert (
            "their answers are not shown"
            in training.training(data, "tiny@step8")["missing"]["fact"]
        )
        assert training.story(data, "tiny@step8", "all")["rows"] == []
    finally:
        data.close()


def test_an_app_that_is_open_sees_it(made: Lake) -> None:
    data = Database(made)
    own = [made.read(CORPUS, table) for table in OF_CORPUS]
    try:
        assert knowledge.fact(data, "tiny@step8", 0)["neurons"]
        write(made, facts.tables(OTHER))
        data.refresh()
        assert knowledge.fact(data, "tiny@step8", 0)["neurons"] == []
    finally:
        write(made, own)
        data.close()


def test_doctor_says_it(made: Lake, replaced: Lake) -> None:
    lines = [str(f) for f in doctor._atlases(replaced) if f.what == "answers of tiny@step8"]
    assert lines == [
        "MISS answers of tiny@step8: they are to other facts than its corpus holds now, and not "
        "shown: `kn knowledge` asks these"
    ]


def test_nothing_is_said_of_answers_to_these_facts(made: Lake) -> None:
    assert not answers_other_facts(made, STEP)
    assert not [f for f in doctor._atlases(made) if f.what.startswith("answers of")]


def test_facts_attributed_elsewhere_are_counted_among_these_alone(made: Lake) -> None:
    told = made.read(CORPUS, "facts")
    errors = made.read(STEP, "attribution_error")["fact_id"].to_pylist()
    assert attributed(made, STEP, told) == set(errors)
    assert attributed(made, STEP, facts.tables(OTHER)[0]) == set()


def test_a_live_control_takes_facts_known_of_these_alone(made: Lake, replaced: Lake) -> None:
    told = Told.of(replaced, "tiny@step8")
    assert told is not None and told.known == frozenset()
    before = Told.stamp(replaced, "tiny@step8")
    write(replaced, facts.tables(OTHER[:5]))
    try:
        assert Told.stamp(replaced, "tiny@step8") != before
    finally:
        write(replaced, facts.tables(OTHER))


def test_answers_that_say_no_set_are_not_shown(tmp_path: Path) -> None:
    """As an earlier version wrote them."""
    lake = add_training(tmp_path, steps=(0, 8))
    rows = lake.read(STEP, "fact_answers")
    of_nobody = pa.nulls(rows.num_rows, pa.string())
    at = rows.column_names.index("fact_set")
    lake.write(STEP, "fact_answers", rows.set_column(at, "fact_set", of_nobody), "made")
    assert ask(lake, "FROM fact_answers WHERE model = 'tiny@step8'") == []
    assert ask(lake, "FROM fact_answers WHERE model = 'tiny@step0'")
    assert answers_other_facts(lake, STEP)
