"""Neurons multiplied where they stand, against plain hooks; and the tables about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from kn_assets.atlas.direct.layout import Layout
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.knowledge.circuits import choose, tables
from kn_assets.knowledge.circuits.choose import Chosen
from kn_assets.knowledge.circuits.roles import Place, Roles
from kn_assets.knowledge.circuits.scorecards import scaled
from kn_assets.knowledge.circuits.settings import CircuitSettings
from kn_assets.knowledge.circuits.units import Unit
from kn_assets.knowledge.circuits.whole_prompt import WholePrompt
from kn_assets.knowledge.fact_tables import OF_CORPUS
from kn_assets.knowledge.questions import ask, encode
from kn_assets.models.load import load
from kn_assets.models.parts import find_parts
from tests.knowledge.circuits import plain, small
from tests.models import tiny

SETTINGS = CircuitSettings(
    facts=11, known=7, contrasts=2, held_out=1, midpoints=2, units=10, changed=5
)


def multiplied(model: Any, ids: tuple[int, ...], units: list[Unit], factor: float) -> Any:
    """Logits after a prompt, by plain hooks on the model itself."""
    _, mlp = plain.projections(model)
    handles = []
    for unit in units:

        def hook(_m: Any, args: Any, unit: Unit = unit) -> Any:
            changed = args[0].clone()
            changed.reshape(len(ids), -1)[unit.position, unit.unit] *= factor
            return (changed, *args[1:])

        handles.append(mlp[unit.layer].register_forward_pre_hook(hook))
    with torch.no_grad():
        found = model(input_ids=torch.tensor([ids])).logits[0, -1]
    for handle in handles:
        handle.remove()
    return found


@pytest.mark.parametrize("family", tiny.CONFIGS)
def test_neurons_are_multiplied_where_they_stand_as_by_plain_hooks(family: str) -> None:
    model = tiny.model(family)
    clean = WholePrompt.of(Layout.of(find_parts(model)), plain.IDS)
    units = [Unit("neuron", 0, 2, 5), Unit("neuron", 0, 6, 5), Unit("neuron", 1, 3, 7)]
    changes = [(units, 0.0), (units[:1], 30.0), ((), 0.0)]
    found = scaled(clean, changes)
    plainly = [multiplied(model, plain.IDS, list(some), factor) for some, factor in changes]
    np.testing.assert_allclose(found, torch.stack(plainly), atol=1e-4)
    assert float((found[1] - found[2]).abs().max()) > 1e-3
    np.testing.assert_allclose(scaled(clean, [((), 2.0)])[0], clean.logits, atol=1e-6)


def test_matched_sets_are_the_nearest_at_the_place_then_the_next() -> None:
    values = [torch.zeros(3, 6)]
    values[0][1] = torch.tensor([1.0, 1.1, 5.0, 1.3, 0.2, 9.0])
    run: Any = SimpleNamespace(values=SimpleNamespace(neurons=values))
    own = [Chosen("neuron", 0, 0, Place("subject last"))]
    found = choose.matched_sets(own, [(Roles(3, 0, 2), run)], 3)
    assert [[c.unit for c in some] for some in found] == [[1], [3], [4]]
    assert {c.place for some in found for c in some} == {Place("subject last")}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> AtlasPlan:
    return small.small_plan(tmp_path_factory.mktemp("scorecards"))


@pytest.fixture(scope="module", autouse=True)
def all_known() -> Iterator[None]:
    with small.knowing_all():
        yield


@pytest.fixture(scope="module")
def found(plan: AtlasPlan, all_known: None) -> dict[str, pa.Table]:
    return small.made(plan, SETTINGS)


def test_a_circuit_is_suppressed_at_its_places_in_held_out_prompts(
    plan: AtlasPlan, found: dict[str, pa.Table]
) -> None:
    rows = found["circuit_interventions"].to_pylist()
    chosen = {
        (r["fact_id"], r["prompt"])
        for r in found["contrasts"].to_pylist()
        if r["purpose"] == "choose" and r["prompt_fact_id"] == r["fact_id"]
    }
    own = [r for r in rows if r["condition"] == "knowledge_neurons"]
    assert chosen and own and not {(r["fact_id"], r["prompt"]) for r in own} & chosen
    assert {r["n_neurons"] for r in own} == {SETTINGS.changed}
    conditions = {"knowledge_neurons", "random", "activation_matched", "other_fact", "same_subject"}
    assert {r["condition"] for r in rows} == conditions
    loaded = load(plan.source, plan.lake, "float32", attention="eager")
    told, texts = (plan.lake.read(plan.corpus, t) for t in OF_CORPUS)
    asked = {(q.fact_id, q.prompt): q for q in ask(loaded.tokenizer, told, texts).asked}
    subjects = {r["fact_id"]: r["subject"] for r in told.to_pylist()}
    spelled = {(r["fact_id"], r["prompt"]): r["text"] for r in texts.to_pylist()}
    after, plainly = [], []
    for row in [r for r in own if r["kind"] == "suppress"][:3]:
        key = row["fact_id"], row["prompt"]
        ids, subject = asked[key].ids, subjects[row["fact_id"]]
        text = spelled[key]
        (through,) = encode(loaded.tokenizer, [text[: text.index(subject) + len(subject)]])
        end = len(through) - 1
        units = [
            Unit(
                "neuron",
                r["layer"],
                len(ids) - 1 if r["role"] == "last" else end - r["subject_offset"],
                r["unit"],
            )
            for r in found["circuit_units"].to_pylist()
            if (r["fact_id"], r["circuit"]) == (row["fact_id"], "all") and r["rank"] <= 5
        ]
        logits = multiplied(loaded.model, ids, units, 0.0)
        after.append(row["probability_after"])
        plainly.append(float(logits.softmax(-1)[asked[key].answer]))
    np.testing.assert_allclose(after, plainly, rtol=1e-3)


def test_verdicts_are_of_these_interventions(found: dict[str, pa.Table]) -> None:
    effects = {
        (r["fact_id"], r["kind"]): r["log_odds"]
        for r in found["circuit_fact_effects"].to_pylist()
        if r["condition"] == "knowledge_neurons"
    }
    judged = found["circuit_verdicts"].to_pylist()
    assert {(r["fact_id"], r["kind"]) for r in judged} == set(effects)
    told = [effects[r["fact_id"], r["kind"]] for r in judged]
    np.testing.assert_allclose([r["log_odds"] for r in judged], told)
    assert {r["relation"] for r in found["circuit_relation_verdicts"].to_pylist()} >= {"all"}


def test_at_an_earlier_step_nothing_is_suppressed(
    plan: AtlasPlan, found: dict[str, pa.Table], tmp_path: Path
) -> None:
    mine = small.copied(plan, tmp_path / "lake")
    assert found["circuit_units"] == mine.lake.read(mine.model, "circuit_units")
    early = small.made(mine, replace(SETTINGS, like=mine.model.key))
    assert len(early["circuit_units"]) > 0
    assert [len(early[t]) for t in ("circuit_interventions", *tables.OF_SCORECARDS)] == [0] * 4
