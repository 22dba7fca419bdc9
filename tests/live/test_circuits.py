"""Circuits of one's own live, and changes on the pair of a stored circuit."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from kn_assets import lake as lakes
from kn_assets.database import database
from kn_assets.errors import KnError
from kn_assets.knowledge.circuits import changing
from kn_assets.knowledge.circuits import pair as pairs
from kn_assets.knowledge.circuits.patching import effects, patched
from kn_assets.knowledge.circuits.units import Unit
from kn_assets.knowledge.circuits.whole_prompt import WholePrompt
from kn_assets.knowledge.questions import ask
from kn_assets.lake import Lake
from kn_assets.lake.schema import CIRCUITS
from kn_assets.live.circuits import LiveCircuits
from kn_assets.processes import Stopped
from kn_assets.progress import Progress
from tests.live.test_knowledge import KEY, lake_with_facts

OWN = {
    "text": "Kabul is the capital of",
    "contrast": "Kabul is the city of",
    "answer": "",
    "contrast_answer": "city",
    "longest": None,
    "keep": False,
}


def with_contrast(lake: Lake) -> tuple[int, int, int]:
    """Write one contrast for a fact; gives the fact, its contrast's and the prompt."""
    live = LiveCircuits.of(lake, KEY, Progress())
    corpus = lakes.corpus(lake.read(lakes.model(KEY), "atlases")["corpus"][0].as_py())
    told, texts = (lake.read(corpus, t) for t in ("facts", "fact_prompts"))
    asked = ask(live.loaded.tokenizer, told, texts).asked
    by_length: dict[tuple[int, int], list[Any]] = {}
    for one in asked:
        by_length.setdefault((one.prompt, len(one.ids)), []).append(one)
    own, other = next(
        (a, b) for of in by_length.values() for a in of for b in of if a.answer != b.answer
    )
    row = {
        **{"fact_id": own.fact_id, "prompt_fact_id": own.fact_id, "prompt": own.prompt},
        **{"contrast": 0, "purpose": "choose", "contrast_kind": "pair", "n_prompts": 1},
        **{"contrast_fact_id": other.fact_id, "answer_token_id": own.answer},
        **{"against_token_id": other.answer, "difference": 1.0, "fact_set": own.fact_set},
    }
    mean = {**row, "fact_id": -5, "prompt_fact_id": -5, "contrast_kind": "mean", "n_prompts": 7}
    mean["contrast_fact_id"] = None
    table = pa.Table.from_pylist([row, mean], schema=CIRCUITS["contrasts"].schema)
    lake.write(lakes.model(KEY), "contrasts", table, "test")
    return own.fact_id, other.fact_id, own.prompt


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lake_with_facts(tmp_path_factory.mktemp("live"))


@pytest.fixture(scope="module")
def live(lake: Lake) -> LiveCircuits:
    return LiveCircuits.of(lake, KEY, Progress())


def asked(live: LiveCircuits, **question: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(live.answer(question, Progress()))
    return found


def plainly(live: LiveCircuits) -> pairs.Pair:
    tokens = [live.loaded.tokenizer(OWN[name])["input_ids"] for name in ("text", "contrast")]
    clean = WholePrompt.of(live._layout, tokens[0])
    (city,) = live.loaded.tokenizer(" city")["input_ids"]
    return pairs.of_tokens(live._layout, clean, tokens[1], int(clean.logits.argmax()), city)


def test_estimates_come_first_and_effects_after(live: LiveCircuits) -> None:
    first = asked(live, do="screen", **OWN)
    whole = asked(live, do="measure", **OWN)
    assert [first["is_measured"], whole["is_measured"]] == [False, True]
    assert {unit["effect"] for unit in first["units"]} == {None}
    same = ("prompt", "curves", "cells", "answer", "against", "n_units", "subject")
    assert {n: first[n] for n in same} == {n: whole[n] for n in same}
    assert (whole["subject"], whole["other"]) == ("capital", "city")
    pair = plainly(live)
    assert whole["prompt"]["difference"] == pytest.approx(pair.difference, abs=1e-5)
    measured = [unit for unit in whole["units"] if unit["effect"] is not None]
    assert len(measured) == 300
    units = [Unit(u["kind"], u["layer"], u["position"], u["unit"]) for u in measured]
    np.testing.assert_allclose([u["effect"] for u in measured], effects(pair, units), atol=1e-5)
    ranks = sorted(unit["rank"] for unit in whole["units"] if unit["rank"] is not None)
    assert ranks == list(range(1, len(ranks) + 1))


@pytest.mark.parametrize("how", ["patch", "zero", "mean"])
def test_units_of_a_sentence_are_changed(live: LiveCircuits, how: str) -> None:
    units = [["neuron", 0, 3, 5], ["neuron", 2, 4, 7]]
    found = asked(live, do="change", how=how, units=units, **OWN)
    pair = plainly(live)
    assert found["before"] == pytest.approx(pair.difference, abs=1e-5)
    assert found["lost"] == pytest.approx(found["before"] - found["after"])
    assert found["n_units"] == 2
    to = {"patch": pair, "zero": replace(pair, other=changing.ablated(pair, "zero", None))}
    to["mean"] = replace(pair, other=changing.ablated(pair, "mean", live._means()))
    (after,) = patched(to[how], [[Unit("neuron", 0, 3, 5), Unit("neuron", 2, 4, 7)]])
    assert found["after"] == pytest.approx(after, abs=1e-5)


def test_means_are_those_of_the_atlas(live: LiveCircuits, lake: Lake) -> None:
    rows = lake.read(lakes.model(KEY), "neurons").to_pylist()
    means = live._means()
    assert {(r["layer"], r["neuron"]): r["mean"] for r in rows} == {
        (layer, n): pytest.approx(float(means[layer, n]))
        for layer in range(means.shape[0])
        for n in range(means.shape[1])
    }


def test_a_stored_circuit_is_changed_on_its_first_contrast(live: LiveCircuits, lake: Lake) -> None:
    fact, other, prompt = with_contrast(lake)
    found = asked(live, do="change", fact=fact, how="patch", units=[["neuron", 1, 0, 3]])
    corpus = lakes.corpus(lake.read(lakes.model(KEY), "atlases")["corpus"][0].as_py())
    told, texts = (lake.read(corpus, t) for t in ("facts", "fact_prompts"))
    questions = {
        q.fact_id: q
        for q in ask(live.loaded.tokenizer, told, texts, [fact, other]).asked
        if q.prompt == prompt
    }
    clean = WholePrompt.of(live._layout, questions[fact].ids)
    pair = pairs.of_tokens(
        *(live._layout, clean, questions[other].ids),
        *(questions[fact].answer, questions[other].answer),
    )
    (after,) = patched(pair, [[Unit("neuron", 1, 0, 3)]])
    assert [found["before"], found["after"]] == pytest.approx([pair.difference, after], abs=1e-5)
    with pytest.raises(KnError, match="is a mean over 7 prompts, whose values aren't stored"):
        asked(live, do="change", fact=-5, how="patch", units=[["neuron", 1, 0, 3]])
    with pytest.raises(KnError, match="fact 99999 has no circuit here"):
        asked(live, do="change", fact=99999, how="patch", units=[["neuron", 1, 0, 3]])


def test_it_is_kept_where_that_is_wanted(live: LiveCircuits, lake: Lake) -> None:
    atlas = lakes.model(KEY)
    asked(live, do="screen", **{**OWN, "keep": True})
    assert lake.meta(atlas, "asked_circuits") is None
    found = asked(live, do="measure", **{**OWN, "keep": True})
    asked(live, do="measure", **{**OWN, "keep": True})  # which replaces it
    other = asked(live, do="measure", **{**OWN, "keep": True, "answer": "Kabul"})
    assert found["kept"] and found["fact_id"] < 0
    assert found["fact_id"] != other["fact_id"]
    with database.connect(lake) as opened:

        def rows(sql: str) -> list[dict[str, Any]]:
            result = opened.execute(sql)
            names = [column[0] for column in result.description or []]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

        kept = {row["fact_id"]: row for row in rows("FROM asked_circuits")}
        assert set(kept) == {found["fact_id"], other["fact_id"]}
        row = kept[found["fact_id"]]
        names = ("text", "contrast", "answer", "contrast_answer")
        assert {n: row[n] for n in names} == {n: OWN[n] for n in names}
        assert row["difference"] == pytest.approx(found["prompt"]["difference"], rel=1e-6)
        of = f"WHERE fact_id = {found['fact_id']}"
        units = rows(f"FROM asked_units {of}")
        key = ("kind", "layer", "unit", "position")
        told = {tuple(u[k] for k in key): u for u in found["units"]}
        stored = {tuple(u[k] for k in key): u for u in units if u["unit"] >= 0}
        assert set(stored) == set(told)
        assert [stored[k]["effect"] for k in told] == [
            u["effect"] if u["effect"] is None else pytest.approx(u["effect"], rel=1e-5)
            for u in told.values()
        ]
        tokens = {u["position"]: u["token"] for u in units if u["kind"] == "embedding"}
        assert [tokens[i] for i in sorted(tokens)] == found["prompt"]["tokens"]
        assert len(rows(f"FROM asked_curves {of}")) == len(found["curves"])


def test_a_damaged_table_hides_its_group_and_is_mended_by_the_next(
    live: LiveCircuits, lake: Lake
) -> None:
    atlas = lakes.model(KEY)
    first = asked(live, do="measure", **{**OWN, "keep": True})["fact_id"]
    other = asked(live, do="measure", **{**OWN, "keep": True, "answer": "Kabul"})["fact_id"]
    for file in lake.table(atlas, "asked_units").glob(f"fact-{first}-*.parquet"):
        file.write_bytes(file.read_bytes()[:-3])
    assert lake.damage(atlas, "asked_units")
    with pytest.raises(KnError, match=r"damaged .*the next circuit of a sentence .* mends it"):
        lake.read(atlas, "asked_units")

    def kept() -> set[int]:
        with database.connect(lake) as opened:
            return {i for (i,) in opened.execute("SELECT fact_id FROM asked_circuits").fetchall()}

    assert kept() == set()
    third = asked(live, do="measure", **{**OWN, "keep": True, "answer": "is"})["fact_id"]
    assert kept() == {other, third}
    assert lake.damage(atlas, "asked_units") is None


def test_a_run_can_be_stopped_while_units_are_patched(live: LiveCircuits) -> None:
    told: list[tuple[int, int]] = []

    class Stopping(Progress):
        def bar(self, title: str, total: int, unit: str = "it", done: int = 0) -> Any:
            from contextlib import contextmanager

            class Steps:
                def advance(self, n: int = 1) -> None:
                    told.append((n, total))
                    raise Stopped

                def note(self, text: str) -> None: ...

            @contextmanager
            def steps() -> Any:
                yield Steps()

            return steps()

    other = {**OWN, "contrast_answer": "Kabul"}
    with pytest.raises(Stopped):
        live.answer({"do": "measure", **other}, Stopping())
    assert told == [(50, 300)]
    again = asked(live, do="measure", **other)
    assert again["is_measured"]
