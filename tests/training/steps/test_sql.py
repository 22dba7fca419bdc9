"""The macros about training, against values computed here from the tables' Arrow."""

import statistics

import pytest

from kn_assets import lake as lakes
from kn_assets.database import database
from kn_assets.lake import Lake
from kn_assets.lake.schema import STEPS
from tests.made import add_training, make_lake

STEPS_MADE = (0, 1, 8, 64)
CONTROLS = ("random", "activation_matched", "other_fact", "final_checkpoint")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A model of four steps, beside atlases and another model's steps that are none of it."""
    root = tmp_path_factory.mktemp("training")
    make_lake(root, model="tiny", seed=2)
    add_training(root, "other", (3, 64), seed=9, n_neurons=20)
    return add_training(root, "tiny", STEPS_MADE, seed=4)


def ask(made: Lake, sql: str) -> list[dict]:
    with database.connect(made) as connection:
        return connection.sql(sql).to_arrow_table().to_pylist()


def at(step: int) -> lakes.Partition:
    return lakes.model(f"tiny@step{step}")


@pytest.mark.parametrize("name", STEPS)
def test_a_view_holds_its_table(made: Lake, name: str) -> None:
    where = at(8) if name == "fact_lens" else lakes.model("tiny")
    wanted = made.read(where, name).to_pylist()
    got = ask(made, f"FROM {name} WHERE model = '{where.key}'")
    assert len(wanted) >= 4
    assert [{k: v for k, v in row.items() if k != "model"} for row in got] == wanted


def test_steps_are_read_off_names(made: Lake) -> None:
    for model in ("tiny", "tiny@step8"):
        rows = ask(made, f"FROM model_steps('{model}')")
        assert [(r["model"], r["step"]) for r in rows] == [(at(s).key, s) for s in STEPS_MADE]
    for name, step in {
        "a@step0": 0,
        "a-b@step12-tokens3B": 12,
        "x@checkpoint-7": 7,
        "x@global_step9": 9,
        "a": None,
        "a@main": None,
        "step3": None,
    }.items():
        assert ask(made, f"SELECT step_of('{name}') AS step") == [{"step": step}], name


def ratio(rows: list[dict], kind: str, control: str) -> float:
    own = [r for r in rows if (r["kind"], r["condition"]) == (kind, control)]
    before = sum(r["probability_before"] for r in own)
    return sum(r["probability_after"] for r in own) / before - 1


def test_fact_by_step(made: Lake) -> None:
    steps = made.read(lakes.model("tiny"), "fact_steps").to_pylist()
    fact = made.read(at(64), "interventions")["fact_id"][0].as_py()
    got = ask(made, f"FROM fact_by_step('tiny', {fact})")
    assert [r["step"] for r in got] == list(STEPS_MADE)
    for r in got:
        own = [s for s in steps if (s["step"], s["fact_id"]) == (r["step"], fact)]
        layers = [s["saturation_layer"] for s in own if s["saturation_layer"] is not None]
        assert (r["n_prompts"], r["n_correct"]) == (len(own), sum(s["greedy"] for s in own))
        assert r["probability"] == pytest.approx(statistics.mean(s["probability"] for s in own))
        assert r["rank"] == statistics.median(s["rank"] for s in own)
        assert r["saturation_layer"] == (statistics.median(layers) if layers else None)
        changed = [
            i for i in made.read(at(r["step"]), "interventions").to_pylist() if i["fact_id"] == fact
        ]
        assert r["n_neurons"] == changed[0]["n_neurons"]
        for kind in ("suppress", "amplify"):
            assert r[kind] == pytest.approx(ratio(changed, kind, "knowledge_neurons"), rel=1e-6)
            for control in CONTROLS:
                # At the last step the fact's own neurons are those of the last step.
                last = control == "final_checkpoint" and r["step"] == 64
                wanted = ratio(changed, kind, "knowledge_neurons" if last else control)
                assert r[f"{kind}_{control}"] == pytest.approx(wanted, rel=1e-6)
    assert ask(made, f"FROM fact_by_step('tiny@step1', {fact})") == got
    assert ask(made, "FROM fact_by_step('tiny', 999999)") == []


def test_attribution_by_layer(made: Lake) -> None:
    fact = made.read(at(64), "attribution_error")["fact_id"][0].as_py()
    got = {
        (r["step"], r["layer"]): r for r in ask(made, f"FROM attribution_by_layer('tiny', {fact})")
    }
    assert list(got) == [(s, layer) for s in STEPS_MADE for layer in range(3)]
    for (step, layer), r in got.items():
        own = [
            e
            for e in made.read(at(step), "attribution_error").to_pylist()
            if (e["fact_id"], e["layer"]) == (fact, layer)
        ]
        assert r["attribution_sum"] == pytest.approx(
            statistics.mean(e["attribution_sum"] for e in own)
        )
        assert r["probability_drop"] == pytest.approx(
            statistics.mean(e["probability_drop"] for e in own)
        )


def test_neuron_by_step(made: Lake) -> None:
    neurons = made.read(lakes.model("tiny"), "neuron_steps").to_pylist()
    got = ask(made, "FROM neuron_by_step('tiny', 1, 11)")
    own = [r for r in neurons if (r["layer"], r["neuron"]) == (1, 11)]
    assert [{k: r[k] for k in ("step", "firing_rate", "alive", "final_overlap")} for r in got] == [
        {k: r[k] for k in ("step", "firing_rate", "alive", "final_overlap")} for r in own
    ]
    seen = 0
    for r in got:
        marks = [
            c
            for c in made.read(at(r["step"]), "neuron_concepts").to_pylist()
            if (c["layer"], c["neuron"]) == (1, 11)
        ]
        assert r["auroc_low"] == max((c["auroc_low"] for c in marks), default=None)
        best = [c for c in marks if c["auroc_low"] == r["auroc_low"]]
        told = [(c["attribute"], c["value"], c["auroc"], c["n"]) for c in best]
        assert (r["attribute"], r["value"], r["auroc"], r["n_prompts"]) in (
            told or [(None, None, None, None)]
        )
        seen += bool(marks)
    assert seen


def test_births_and_deaths(made: Lake) -> None:
    wanted = made.read(lakes.model("tiny"), "layer_steps").to_pylist()
    got = ask(made, "FROM births_deaths('tiny@step64')")
    assert [{k: r[k] for k in w} for r, w in zip(got, wanted, strict=True)] == wanted


@pytest.mark.parametrize("relation", ["all", "city-country"])
def test_training_by_step(made: Lake, relation: str) -> None:
    facts = made.read(lakes.corpus("made"), "facts").to_pylist()
    inside = {f["fact_id"] for f in facts if relation in ("all", f["relation"])}
    prompts = [
        r
        for r in made.read(lakes.model("tiny"), "fact_steps").to_pylist()
        if r["fact_id"] in inside
    ]
    given = "" if relation == "all" else f", relation := '{relation}'"
    got = ask(made, f"FROM training_by_step('tiny'{given})")
    assert [r["step"] for r in got] == list(STEPS_MADE)
    for r in got:
        own = [p for p in prompts if p["step"] == r["step"]]
        ids = {p["fact_id"] for p in own}
        assert r["n_facts"] == len(ids)
        for column, told in {"known": (True, False), "known_trained": (True,)}.items() | {
            ("known_held_out", (False,))
        }:
            hits = [
                statistics.mean(
                    p["greedy"] for p in own if p["fact_id"] == i and p["trained"] in told
                )
                for i in ids
            ]
            assert r[column] == pytest.approx(statistics.mean(h >= 0.5 for h in hits)), column
        layers = [p["saturation_layer"] for p in own if p["saturation_layer"] is not None]
        assert r["saturation_layer"] == (pytest.approx(statistics.mean(layers)) if layers else None)
        effects = {
            e["condition"]: e
            for e in made.read(at(r["step"]), "intervention_effects").to_pylist()
            if (e["relation"], e["kind"]) == (relation, "suppress")
        }
        effects.setdefault("final_checkpoint", effects["knowledge_neurons"])
        assert r["suppress"] == effects["knowledge_neurons"]["relative_change"]
        assert (r["suppress_low"], r["suppress_high"]) == (
            effects["knowledge_neurons"]["ci_low"],
            effects["knowledge_neurons"]["ci_high"],
        )
        assert r["neurons_per_fact"] == effects["knowledge_neurons"]["mean_neurons"]
        for control in CONTROLS:
            if control == "final_checkpoint" and r["step"] == 64:
                assert r["suppress_final_checkpoint"] == r["suppress"]
            else:
                assert r[f"suppress_{control}"] == effects[control]["relative_change"]
    assert any(r["known_trained"] != r["known_held_out"] for r in got)


def test_known_facts_and_grid(made: Lake) -> None:
    answers = made.read(at(8), "fact_answers").to_pylist()
    right: dict[int, list[bool]] = {}
    for a in answers:
        right.setdefault(a["fact_id"], []).append(a["greedy"])
    known = {fact for fact, hits in right.items() if 2 * sum(hits) >= len(hits)}
    got = ask(made, "FROM known_facts('tiny@step8')")
    assert {r["fact_id"] for r in got} == known and 0 < len(known) < len(right)

    scores = made.read(at(8), "attributions").to_pylist()
    refined = {
        (k["layer"], k["neuron"]): k
        for k in made.read(at(8), "knowledge_neurons").to_pylist()
        if k["fact_id"] == 0
    }
    own: dict[tuple[int, int], list[float]] = {}
    for s in scores:
        if s["fact_id"] == 0:
            own.setdefault((s["layer"], s["neuron"]), []).append(s["score"])
    n = len(right[0])
    grid = ask(made, "FROM fact_attributions('tiny@step8', 0)")
    assert {(r["layer"], r["neuron"]): (r["score"], r["share"]) for r in grid} == {
        place: (pytest.approx(sum(s) / n), len(s) / n) for place, s in own.items()
    }
    assert [r["score"] for r in grid] == sorted((r["score"] for r in grid), reverse=True)
    assert {(r["layer"], r["neuron"]) for r in grid if r["is_knowledge_neuron"]} == set(refined)
    assert all(len(r["promotes"]) == 5 for r in grid)
