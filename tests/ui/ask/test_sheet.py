"""The sheet's lines: what is known with its true numbers, why it isn't, and where each leads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from kn_assets import lake as lakes
from kn_assets.database import guard
from kn_assets.database.database import Database
from kn_assets.lake import Lake
from kn_assets.lake.schema import ALL
from kn_assets.synthetic import FINGERPRINT
from tests.asked import CORPUS, FRANCE, MODEL, SHAPE, asked_lake
from tests.ui.asking import opened, rows
from ui.ask.sheet import asked as ask_sheet
from ui.rows import atlases

TEXTS = (
    *("Toulouse is in France", "Kabul is in Afghanistan", "Paris is in France", "Toulouse", "York"),
    *(
        "France",
        "Europe",
        "Bombay",
        "1/11",
        "2:3999",
        " Japan",
        '"zebra"',
        "zebra",
        "any odd words",
    ),
    *("O'Fallon's 'is' -- here", "Is"),
)


def told(database: Database, text: str) -> dict[str, list[dict[str, Any]]]:
    """The lines of each reading by its title."""
    found = ask_sheet(database, atlases(database)[0], text)["readings"]
    return {reading["title"]: reading["lines"] for reading in found}


def fact_of(lake: Lake, subject: str, relation: str = "city-country") -> int:
    facts = lake.read(lakes.corpus(CORPUS), "facts").to_pylist()
    (fact,) = [f for f in facts if (f["subject"], f["relation"]) == (subject, relation)]
    return int(fact["fact_id"])


@pytest.mark.parametrize("text", TEXTS)
def test_every_line_says_its_query_and_the_query_runs(data: Database, text: str) -> None:
    lines = [line for lines in told(data, text).values() for line in lines]
    assert lines
    for line in lines:
        assert line["sql"] or line["leads"] or "there is no neuron" in line["words"], line
        if line["sql"]:
            cursor = data.cursor()
            cursor.execute(guard.check(cursor, line["sql"], 100)).fetchall()


def test_a_fact_with_neurons_leads_to_them(data: Database, asked: Lake) -> None:
    fact = fact_of(asked, "Toulouse")
    stored = asked.read(lakes.model(MODEL), "knowledge_neurons").to_pylist()
    own = [r for r in stored if r["fact_id"] == fact]
    assert own, "the lake's fact has no neurons: another seed is needed"
    lines = told(data, "Toulouse is in France")["Fact: Toulouse → France (city-country)"]
    answers = [
        r
        for r in asked.read(lakes.model(MODEL), "fact_answers").to_pylist()
        if r["fact_id"] == fact
    ]
    n_right = sum(r["greedy"] for r in answers)
    knows = "knows it" if 2 * n_right >= len(answers) else "doesn't know it"
    assert knows in lines[0]["words"]
    assert f"{n_right} of {len(answers)} wordings" in lines[0]["words"]
    assert lines[0]["leads"]["fact"] == str(fact)
    best = sorted(own, key=lambda r: (-r["score"], r["layer"], r["neuron"]))[:5]
    neurons = [line["leads"] for line in lines if line["words"].startswith("Knowledge neuron:")]
    assert [(n["layer"], n["neuron"]) for n in neurons] == [(r["layer"], r["neuron"]) for r in best]
    assert {(n["tab"], n["fact"]) for n in neurons} == {("knowledge", str(fact))}


def test_a_city_has_the_facts_of_a_file_which_tell_no_city(tmp_path: Path) -> None:
    lake = asked_lake(tmp_path)
    place = lakes.corpus(CORPUS)
    facts = lake.read(place, "facts").to_pylist()
    rows_of = [{**row, "city_id": None} for row in facts]
    lake.write(place, "facts", pa.Table.from_pylist(rows_of, ALL["facts"].schema), FINGERPRINT)
    for database in opened(lake):
        lines = [line["words"] for some in told(database, "Kabul").values() for line in some]
        assert not [words for words in lines if words.startswith("The corpus lists no fact")]
        assert [words for words in lines if words.startswith("Kabul → ")]


def test_a_long_text_is_searched_by_its_beginning(data: Database) -> None:
    lines = [line for lines in told(data, "q " * 2000).values() for line in lines]
    searched = [line["sql"] for line in lines if line["sql"]]
    assert max(map(len, searched), default=0) < 600


def test_of_a_fact_that_was_not_asked_the_reason_is_the_true_one(
    data: Database, asked: Lake
) -> None:
    lines = told(data, "Lyon is in France")["Fact: Lyon → France (city-country)"]
    n_listed = asked.read(lakes.corpus(CORPUS), "facts").num_rows
    answers = asked.read(lakes.model(MODEL), "fact_answers")
    n_asked = len(set(answers["fact_id"].to_pylist()))
    assert f"it was asked {n_asked} of the {n_listed} facts" in lines[0]["words"]
    assert "since the model was not asked" in lines[1]["words"]
    (live,) = [line for line in lines if line["live"]]
    fact = fact_of(asked, "Lyon")
    wordings = asked.read(lakes.corpus(CORPUS), "fact_prompts").to_pylist()
    first = next(w["text"] for w in wordings if (w["fact_id"], w["prompt"]) == (fact, 0))
    assert live["leads"] == {
        "tab": "knowledge", "fact": "", "sentence": first, "answer": "France",
    }  # fmt: skip


def test_a_country_s_neurons_open_in_the_city_s_prompt_before_its_name(data: Database) -> None:
    sheet = told(data, "Toulouse is in France")
    lines = sheet["Country: France"]
    by_low = sorted(FRANCE, key=lambda row: -row[3])
    for line, (layer, neuron, auroc, low) in zip(lines[: len(by_low)], by_low, strict=True):
        assert line["leads"] == {
            "tab": "explore", "prompt": 2, "token": 5, "target": '" France"',
            "layer": layer, "neuron": neuron,
        }  # fmt: skip
        assert f"AUROC {auroc:.2f}, at least {low:.2f}" in line["detail"]
        assert "n = 3 prompts" in line["detail"]
    place = sheet["City: Toulouse (France)"][0]
    assert place["leads"] == {"tab": "explore", "prompt": 2, "token": 5, "target": '" France"'}


def test_too_few_prompts_are_said_in_place_of_neurons(data: Database) -> None:
    line = told(data, "Poland")["Country: Poland"][0]
    assert line["words"].startswith("One prompt of this atlas is about Poland: too few")
    assert line["leads"] is None


def test_a_country_without_marking_neurons_has_those_that_fire_more_often(data: Database) -> None:
    reason, *lines = told(data, "Japan")["Country: Japan"]
    assert reason["words"] == "No neuron marks Japan: none was told from chance by 2 prompts."
    wanted = rows(data, f"SELECT layer, neuron FROM neurons_for_country('{MODEL}', 'Japan', 5)")
    fired = [line["leads"] for line in lines if line["words"].startswith("Fires more often")]
    assert [(leads["layer"], leads["neuron"]) for leads in fired] == wanted


def test_a_city_outside_the_atlas_says_so(data: Database) -> None:
    line = told(data, "York")["City: York (United Kingdom)"][0]
    assert line["words"].startswith("No prompt of this atlas is about York")
    assert f"{SHAPE.n_prompts} prompts" in line["words"]


def test_a_city_by_another_name_says_by_which(data: Database) -> None:
    assert "City: Mumbai (India), found as Bombay" in told(data, "Bombay")


def test_a_neuron_has_its_card_and_its_facts(data: Database, asked: Lake) -> None:
    knowledge = asked.read(lakes.model(MODEL), "knowledge_neurons").to_pylist()
    layer, neuron = knowledge[0]["layer"], knowledge[0]["neuron"]
    lines = told(data, f"{layer}:{neuron}")[f"Neuron: layer {layer} · neuron {neuron}"]
    facts = {r["fact_id"] for r in knowledge if (r["layer"], r["neuron"]) == (layer, neuron)}
    served = {int(line["leads"]["fact"]) for line in lines if "fact" in (line["leads"] or {})}
    assert served and served <= facts and len(served) == min(5, len(facts))
    assert lines[0]["words"].startswith(("Fires at", "It never fired"))
    place = {"tab": "map", "map": "", "layer": layer, "neuron": neuron}
    assert place in [line["leads"] for line in lines]


def test_a_neuron_that_never_fired_has_no_place_to_go_to(data: Database, asked: Lake) -> None:
    neurons = asked.read(lakes.model(MODEL), "neurons").to_pylist()
    layer, neuron = next((r["layer"], r["neuron"]) for r in neurons if not r["n_fired"])
    lines = told(data, f"{layer}/{neuron}")[f"Neuron: layer {layer} · neuron {neuron}"]
    assert lines[-1]["words"] == "It never fired: it has no place on the map"
    assert lines[-1]["leads"] is None
    assert "map" not in [(line["leads"] or {}).get("tab") for line in lines]


def test_a_neuron_that_the_model_lacks(data: Database) -> None:
    (line,) = told(data, "2/3999")["Neuron: layer 2 · neuron 3999"]
    assert "layers 0 to 2, each with neurons 0 to 39" in line["words"]


def test_a_token_leads_to_the_place_before_it(data: Database) -> None:
    lines = told(data, " Japan")["Token: “␣Japan”"]
    places = [line["leads"] for line in lines if "target" in (line["leads"] or {})]
    assert [(p["prompt"], p["token"], p["target"]) for p in places] == [
        (1, 5, '" Japan"'),
        (8, 5, '" Japan"'),
    ]


def test_an_unknown_sentence_can_be_run(data: Database) -> None:
    (lines,) = told(data, "Zebras eat grass.").values()
    assert "lists no fact" in lines[0]["words"]
    assert [line["leads"] for line in lines if line["live"]] == [
        {"tab": "knowledge", "fact": "", "sentence": "Zebras eat", "answer": "grass"},
        {"tab": "explore", "text": "Zebras eat grass.", "prompt": None, "token": None},
    ]


def test_a_neuron_s_rules_and_its_page_are_in_its_sheet(data: Database) -> None:
    sql = f"SELECT layer, neuron, sign, rule, n FROM neuron_descriptions WHERE model = '{MODEL}' "
    ((layer, neuron, sign, rule, n),) = rows(data, f"{sql} AND kind = 'country' LIMIT 1")
    lines = told(data, f"{layer}/{neuron}")[f"Neuron: layer {layer} · neuron {neuron}"]
    half = "positive" if sign == 1 else "negative"
    (said,) = [line for line in lines if line["words"] == f"Its {half} half fires {rule}"]
    assert f"n = {n} held-out prompts" in said["detail"]
    assert {"whole": "neuron", "layer": layer, "neuron": neuron} in [x["leads"] for x in lines]


def test_words_of_a_rule_find_its_neurons(data: Database) -> None:
    wanted = rows(
        data,
        f"SELECT layer, neuron, rule FROM neuron_descriptions WHERE model = '{MODEL}' "
        "AND kind = 'country' AND list_contains(terms, 'Japan')",
    )
    assert wanted
    lines = told(data, "about Japan")["Neurons described by “about Japan”"]
    assert len(lines) == min(5, len(wanted))
    for line in lines:
        leads = line["leads"]
        assert leads["whole"] == "neuron"
        assert (leads["layer"], leads["neuron"], line["words"].split(" half: ")[1]) in wanted


def test_what_no_rule_says_has_no_such_reading(data: Database) -> None:
    assert not any("described" in title for title in told(data, "zebra"))
