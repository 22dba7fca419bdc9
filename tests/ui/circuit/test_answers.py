"""What the tab Circuit is answered, against the rows of the tables themselves."""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow.parquet as pq
import pytest

from kn_assets import lake as lakes
from kn_assets.database.database import Database
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from tests.lake import earlier
from tests.made import make_lake
from tests.ui.asking import opened
from ui.circuit import view
from ui.knowledge import view as knowledge

JAPAN_CURRENCY = 40  # has a specific circuit
KABUL = 2  # the model knows nothing else of it


def read(lake: Lake, table: str, fact: int) -> list[dict[str, Any]]:
    rows = lake.read(lakes.model("tiny"), table).to_pylist()
    return [row for row in rows if row["fact_id"] == fact]


def test_every_unit_of_the_tables_is_in_the_picture_once(told: Lake, data: Database) -> None:
    answer = view.circuit(data, "tiny", JAPAN_CURRENCY, "all")
    shown = {(u["kind"], u["layer"], u["unit"], u["position"]): u for u in answer["units"]}
    assert len(shown) == len(answer["units"])
    stored = read(told, "unit_attributions", JAPAN_CURRENCY)
    single = [r for r in stored if r["kind"] in ("neuron", "head")]
    for row in single:
        unit = shown[row["kind"], row["layer"], row["unit"], row["position"]]
        name = "effect" if row["method"] == "patching" else "estimate"
        assert unit[name] == pytest.approx(row["score"])
    assert set(shown) == {(r["kind"], r["layer"], r["unit"], r["position"]) for r in single}


@pytest.mark.parametrize("which", view.CIRCUITS)
def test_ranks_stand_at_the_tokens_of_their_roles(told: Lake, data: Database, which: str) -> None:
    answer = view.circuit(data, "tiny", JAPAN_CURRENCY, which)
    roles = answer["prompt"]["roles"]
    of = {u["rank"]: u for u in answer["units"] if u["rank"] is not None}
    stored = [r for r in read(told, "circuit_units", JAPAN_CURRENCY) if r["circuit"] == which]
    assert sorted(of) == sorted(r["rank"] for r in stored)
    for row in stored:
        unit = of[row["rank"]]
        assert (unit["layer"], unit["unit"]) == (row["layer"], row["unit"])
        assert roles[unit["position"]] == row["role"]


def test_curves_are_medians_over_contrasts(told: Lake, data: Database) -> None:
    answer = view.circuit(data, "tiny", JAPAN_CURRENCY, "all")
    keys = ("prompt_fact_id", "condition", "measure", "n_units")
    shares: dict[tuple[Any, ...], list[float]] = {}
    for row in read(told, "circuit_curves", JAPAN_CURRENCY):
        shares.setdefault(tuple(row[k] for k in keys), []).append(row["share"])
    shown = {tuple(row[k] for k in keys): row for row in answer["curves"]}
    assert set(shown) == set(shares)
    for key, of in shares.items():
        assert shown[key]["share"] == pytest.approx(median(of))
        assert shown[key]["lowest"] == pytest.approx(min(of))
        assert shown[key]["highest"] == pytest.approx(max(of))
    assert {row["fact_id"] for row in answer["others"]} == {
        key[0] for key in shares if key[0] != JAPAN_CURRENCY
    }


def test_the_specific_circuit_has_the_effects_measured_in_the_whole_one(
    told: Lake, data: Database
) -> None:
    places = ("kind", "layer", "unit", "role", "subject_offset")
    measured = {
        tuple(row[p] for p in places): row
        for row in read(told, "circuit_units", JAPAN_CURRENCY)
        if row["circuit"] == "all" and row["carries"]
    }
    listed = view.circuit(data, "tiny", JAPAN_CURRENCY, "specific")["listed"]
    same = [row for row in listed if tuple(row[p] for p in places) in measured]
    assert same
    for row in same:
        of = measured[tuple(row[p] for p in places)]
        assert row["carries"] == of["carries"]
        assert row["effect"] == pytest.approx(of["effect"])


def test_heads_edges_and_knockouts_are_the_tables_rows(told: Lake, data: Database) -> None:
    answer = view.circuit(data, "tiny", JAPAN_CURRENCY, "all")
    shown = {
        (head["layer"], head["head"], head["position"], source["source_position"]): source
        for head in answer["heads"]
        for source in head["sources"]
    }
    stored = read(told, "circuit_heads", JAPAN_CURRENCY)
    assert len(shown) == len(stored)
    written: dict[tuple[int, ...], float] = {}
    for row in stored:
        key = row["layer"], row["head"], row["position"]
        written[key] = written.get(key, 0.0) + row["direct"]
        source = shown[(*key, row["source_position"])]
        assert source["relevance"] == pytest.approx(row["relevance"])
        assert source["weight"] == pytest.approx(row["weight"])
    measured = {
        (r["layer"], r["unit"], r["position"]): r["score"]
        for r in read(told, "unit_attributions", JAPAN_CURRENCY)
        if (r["kind"], r["method"]) == ("head", "patching")
    }
    cut = read(told, "attention_knockout", JAPAN_CURRENCY)
    lost = {(r["first_layer"], r["head"], r["position"]): r["lost"] for r in cut if r["head"] >= 0}
    assert lost
    for head in answer["heads"]:
        key = head["layer"], head["head"], head["position"]
        assert head["written"] == pytest.approx(written[key], abs=1e-6)
        assert head["effect"] == pytest.approx(measured[key])
        assert head["lost"] == pytest.approx(lost[key])
    assert len(answer["knockout"]) == len(cut)
    edges = read(told, "circuit_edges", JAPAN_CURRENCY)
    assert [e["score"] for e in answer["edges"]] == [
        r["score"] for r in sorted(edges, key=lambda r: r["rank"])
    ]


def test_facts_with_a_circuit_come_first(told: Lake, data: Database) -> None:
    stored = lakes.model("tiny")
    having = set(told.read(stored, "circuit_units", ["fact_id"])["fact_id"].to_pylist())
    listed = knowledge.facts(data, "tiny", "", 0, 100, first="circuits")["rows"]
    assert [row["circuit"] for row in listed] == [i < len(having) for i in range(len(listed))]
    assert {row["fact_id"] for row in listed if row["circuit"]} == having
    assert view.first(data, "tiny") == min(having)


def test_why_there_is_none_is_said(data: Database) -> None:
    unknown = data.cursor().execute(
        "SELECT fact_id FROM search_facts('tiny', '') WHERE NOT known ORDER BY 1"
    )
    (fact,) = unknown.fetchall()[0]
    assert "the model doesn't know it" in view.circuit(data, "tiny", fact, "all")["missing"]
    none = view.circuit(data, "tiny", KABUL, "specific")
    assert "knows no other fact about Kabul" in none["missing"]
    assert none["has"] == ["all"]
    unasked = data.cursor().execute(
        "SELECT fact_id FROM search_facts('tiny', '') WHERE n_prompts IS NULL ORDER BY 1"
    )
    (other,) = unasked.fetchall()[0]
    why = view.circuit(data, "tiny", other, "all")["missing"]
    assert why.endswith("Of up to 50 of each: `kn circuits --corpus made --model tiny --known 50`.")
    with pytest.raises(KnError, match="no fact 99999"):
        view.circuit(data, "tiny", 99999, "all")


def test_an_atlas_without_circuits_names_the_command(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    lake = make_lake(tmp_path_factory.mktemp("without"))
    for database in opened(lake):
        why = view.circuit(database, "tiny", 0, "all")["missing"]
        assert "`kn circuits --corpus made --model tiny` makes it" in why
        assert view.first(database, "tiny") is None
        listed = knowledge.facts(database, "tiny", "", 0, 5, first="circuits")["rows"]
        assert [row["circuit"] for row in listed] == [False] * 5


def test_circuits_of_an_earlier_version_are_to_be_made_anew(told: Lake, tmp_path: Path) -> None:
    lake = Lake(shutil.copytree(told.root, tmp_path / "lake"))
    (file,) = lake.files(lakes.model("tiny"), "unit_attributions")
    earlier.rewrite(file, pq.read_table(file, partitioning=None).drop_columns(["token"]))
    database = Database(lake)
    answer = view.circuit(database, "tiny", JAPAN_CURRENCY, "all")
    database.close()
    assert "An earlier version made these circuits: `kn circuits" in answer["missing"]
    assert answer["has"] == []


def test_the_tab_knowledge_has_interventions_where_the_circuit_stands(
    told: Lake, data: Database
) -> None:
    placed = knowledge.fact(data, "tiny", JAPAN_CURRENCY)["circuit"]
    stored = read(told, "circuit_interventions", JAPAN_CURRENCY)
    keys = ("prompt_fact_id", "prompt", "kind", "condition", "draw", "n_neurons")
    assert stored
    assert sorted([row[k] for k in keys] for row in placed["interventions"]) == sorted(
        [row[k] for k in keys] for row in stored
    )
    of_last = knowledge.fact(data, "tiny", JAPAN_CURRENCY)["interventions"]
    assert {row["n_neurons"] for row in of_last} != {row["n_neurons"] for row in stored}
    said = {row["sentence"] for row in placed["verdicts"]}
    assert said == {row["sentence"] for row in read(told, "circuit_verdicts", JAPAN_CURRENCY)}
    effects = read(told, "circuit_fact_effects", JAPAN_CURRENCY)
    assert len(placed["own_effects"]) == len(effects) > 0
    none = knowledge.fact(data, "tiny", 1)["circuit"]
    assert none == {"interventions": [], "own_effects": [], "verdicts": []}
