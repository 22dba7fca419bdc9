"""The tables about circuits: what they hold, and runs that are interrupted and gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from kn_assets.atlas.direct.layout import Layout
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.checks import run as checked
from kn_assets.knowledge.circuits import connections
from kn_assets.knowledge.circuits import pair as pairs
from kn_assets.knowledge.circuits.patching import effects, patched
from kn_assets.knowledge.circuits.settings import CircuitSettings
from kn_assets.knowledge.circuits.tables import OF_CIRCUITS, CircuitsPlan
from kn_assets.knowledge.circuits.units import Unit
from kn_assets.knowledge.circuits.whole_prompt import WholePrompt
from kn_assets.knowledge.fact_tables import OF_CORPUS
from kn_assets.knowledge.questions import ask
from kn_assets.lake.plan import stale
from kn_assets.lake.schema import CIRCUITS
from kn_assets.models.load import load
from tests.knowledge.circuits.small import SETTINGS, copied, knowing_all, made, small_plan
from tests.knowledge.test_work import Interrupting


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> AtlasPlan:
    return small_plan(tmp_path_factory.mktemp("circuits"))


@pytest.fixture(scope="module", autouse=True)
def all_known() -> Iterator[None]:
    with knowing_all():
        yield


@pytest.fixture(scope="module")
def mine(plan: AtlasPlan, all_known: None, tmp_path_factory: pytest.TempPathFactory) -> AtlasPlan:
    """With all tables, made without an interruption: no test writes to it."""
    copy = copied(plan, tmp_path_factory.mktemp("whole") / "lake")
    made(copy)
    return copy


@pytest.fixture(scope="module")
def found(mine: AtlasPlan) -> dict[str, pa.Table]:
    return {t: mine.lake.read(mine.model, t) for t in OF_CIRCUITS}


def test_the_tables_hold_what_patching_plainly_tells(
    mine: AtlasPlan, found: dict[str, pa.Table]
) -> None:
    for table in OF_CIRCUITS:
        assert found[table].schema.names == [c.name for c in CIRCUITS[table].columns]
        assert [o for o in checked(mine.lake, mine.model, table) if not o.passed] == []
    assert stale(CircuitsPlan(mine, SETTINGS)) == []
    loaded = load(mine.source, mine.lake, "float32", attention="eager")
    told, texts = (mine.lake.read(mine.corpus, t) for t in OF_CORPUS)
    asked = {(q.fact_id, q.prompt): q for q in ask(loaded.tokenizer, told, texts).asked}
    layout = Layout.of(loaded.parts)

    def pair_of(row: dict[str, Any]) -> pairs.Pair:
        clean = WholePrompt.of(layout, asked[row["prompt_fact_id"], row["prompt"]].ids)
        other = asked[row["contrast_fact_id"], row["prompt"]]
        answer, against = row["answer_token_id"], row["against_token_id"]
        return pairs.of_tokens(layout, clean, other.ids, answer, against)

    all_compared = found["contrasts"].to_pylist()
    assert {r["contrast_kind"] for r in all_compared if r["fact_id"] == 6} == {"mean"}
    compared = [r for r in all_compared if r["contrast_kind"] == "pair"]
    assert {r["purpose"] for r in compared} == {"choose", "measure"}
    one = next(r for r in compared if r["purpose"] == "choose" and r["contrast"] == 0)
    pair = pair_of(one)
    assert one["difference"] == pytest.approx(pair.difference, abs=1e-4)
    single = [
        r
        for r in found["unit_attributions"].to_pylist()
        if r["method"] == "patching" and r["fact_id"] == one["fact_id"]
    ]
    assert len(single) == SETTINGS.units
    units = [Unit(r["kind"], r["layer"], r["position"], r["unit"]) for r in single]
    scores = [r["score"] for r in single]
    np.testing.assert_allclose(scores, effects(pair, units), atol=1e-4)
    _curve_is_patching(found, compared, pair_of, asked)


def _curve_is_patching(
    found: dict[str, pa.Table], compared: list[dict[str, Any]], pair_of: Any, asked: Any
) -> None:
    """The first held-out point of ten units, by hand: the subject's end is found by its tokens."""
    row = next(
        r
        for r in found["circuit_curves"].to_pylist()
        if (r["condition"], r["measure"], r["n_units"]) == ("circuit", "lost", 10)
        and r["prompt_fact_id"] == r["fact_id"]
    )
    held = next(
        r
        for r in compared
        if r["purpose"] == "measure"
        and all(r[k] == row[k] for k in ("fact_id", "prompt_fact_id", "prompt", "contrast"))
    )
    pair = pair_of(held)
    ids, other = pair.clean.ids, asked[held["contrast_fact_id"], held["prompt"]].ids
    differing = [i for i in range(len(ids)) if ids[i] != other[i]]
    end = differing[-1]
    chosen = [
        r
        for r in found["circuit_units"].to_pylist()
        if r["fact_id"] == row["fact_id"] and r["circuit"] == "all" and r["rank"] <= 10
    ]
    units = [
        Unit(r["kind"], r["layer"], len(ids) - 1, r["unit"])
        if r["role"] == "last"
        else Unit(r["kind"], r["layer"], end - r["subject_offset"], r["unit"])
        for r in chosen
    ]
    (after,) = patched(pair, [units])
    assert row["difference_after"] == pytest.approx(after, abs=1e-4)
    assert row["share"] == pytest.approx(1 - after / pair.difference, abs=1e-4)


def test_connections_are_of_the_prompt_chosen_on(found: dict[str, pa.Table]) -> None:
    rows_of = {t: r.to_pylist() for t, r in found.items()}
    chosen = {
        (r["fact_id"], r["prompt"]): r["difference"]
        for r in rows_of["contrasts"]
        if (r["purpose"], r["contrast"]) == ("choose", 0) and r["prompt_fact_id"] == r["fact_id"]
    }
    for table in ("circuit_heads", "attention_knockout", "circuit_edges"):
        assert {(r["fact_id"], r["prompt"]) for r in rows_of[table]} == set(chosen)
    for row in rows_of["attention_knockout"]:
        before = chosen[row["fact_id"], row["prompt"]]
        assert row["difference_before"] == pytest.approx(before, abs=1e-5)
        after = row["difference_after"]
        assert row["lost"] == pytest.approx((before - after) / before, rel=1e-3, abs=1e-4)
    weights: dict[tuple[int, ...], float] = {}
    for row in rows_of["circuit_heads"]:
        key = row["fact_id"], row["layer"], row["head"], row["position"]
        weights[key] = weights.get(key, 0.0) + row["weight"]
    np.testing.assert_allclose(list(weights.values()), 1, atol=1e-5)
    kinds = {row["later_kind"] for row in rows_of["circuit_edges"]}
    assert {"neuron", "head", "answer"} == kinds
    for row in rows_of["circuit_edges"]:
        assert (row["effect"] is None) == (row["rank"] > connections.MEASURED)
        assert (row["earlier_layer"], row["earlier_kind"]) < (row["later_layer"], row["later_kind"])


@pytest.mark.parametrize(("bar", "after"), [("answers", 1), ("circuits", 2), ("curves", 3)])
def test_an_interrupted_run_goes_on_and_makes_the_same(
    plan: AtlasPlan, found: dict[str, pa.Table], tmp_path: Path, bar: str, after: int
) -> None:
    cut = copied(plan, tmp_path / "cut")
    with pytest.raises(KeyboardInterrupt):
        CircuitsPlan(cut, SETTINGS).make(OF_CIRCUITS, Interrupting(bar, after))
    progress = Interrupting()
    CircuitsPlan(cut, SETTINGS).make(OF_CIRCUITS, progress)
    assert [said for said in progress.said if said.startswith(f"{bar}: resuming")]
    again = {t: cut.lake.read(cut.model, t) for t in OF_CIRCUITS}
    assert again == found
    assert not list(cut.lake.folder(cut.model).glob(".work-*"))


def test_other_settings_make_the_tables_stale(mine: AtlasPlan) -> None:
    assert stale(CircuitsPlan(mine, CircuitSettings(facts=11, known=6))) == list(OF_CIRCUITS)
