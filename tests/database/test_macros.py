"""Macros about prompts and atlases against values computed here from the tables' Arrow."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from kn_assets.lake import Lake
from kn_assets.synthetic import city_of, lengths
from tests.database.told import LAYER, MODEL, NEURON, PROMPT, SIZE, ask, cities_of_prompts, rows


def test_heatmap(atlas: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    words = {r["position"]: r["token"] for r in rows(atlas, "tokens", prompt_id=PROMPT)}
    expected = sorted(
        (r["position"], r["layer"], -abs(r["activation"]), r["neuron"], r["activation"])
        for r in rows(atlas, "activations", prompt_id=PROMPT)
    )
    got = ask(connection, f"FROM heatmap('{MODEL}', {PROMPT})")
    assert list(got[0]) == ["position", "token", "layer", "neuron", "activation"]
    assert [
        (r["position"], r["layer"], -abs(r["activation"]), r["neuron"], r["activation"])
        for r in got
    ] == expected
    assert all(r["token"] == words[r["position"]] for r in got)


def test_lens(atlas: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    expected = rows(atlas, "logit_lens", prompt_id=PROMPT)
    for r in expected:
        del r["prompt_id"]
    assert ask(connection, f"FROM lens('{MODEL}', {PROMPT})") == expected
    assert expected


def test_attention_weighted(atlas: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    words = {r["position"]: r["token"] for r in rows(atlas, "tokens", prompt_id=PROMPT)}
    fired = {
        r["position"]: r["activation"]
        for r in rows(atlas, "activations", prompt_id=PROMPT, layer=LAYER, neuron=NEURON)
    }
    expected = [
        {
            "position": r["position"],
            "source_position": r["source_position"],
            "source_token": words[r["source_position"]],
            "attention": r["weight"],
            "activation": fired.get(r["source_position"], 0.0),
            "weight": float(
                np.float32(r["weight"]) * np.float32(fired.get(r["source_position"], 0))
            ),
        }
        for r in rows(atlas, "attention", prompt_id=PROMPT, layer=LAYER)
    ]
    sql = f"FROM attention_weighted('{MODEL}', {PROMPT}, {LAYER}, {NEURON})"
    assert ask(connection, sql) == expected
    assert fired and len(fired) < len(words)


def test_atlas_prompts_are_those_of_the_atlas_alone(
    atlas: Lake, connection: duckdb.DuckDBPyConnection
) -> None:
    city = cities_of_prompts(atlas)
    text = {r["prompt_id"]: r["text"] for r in rows(atlas, "prompts", "made")}
    got = ask(connection, f"FROM atlas_prompts('{MODEL}')")
    assert [r["prompt_id"] for r in got] == list(range(SIZE.n_prompts))
    assert len(text) > SIZE.n_prompts
    for r in got:
        c = city[r["prompt_id"]]
        assert (r["name"], r["country"], r["population"], r["text"]) == (
            c["name"],
            c["country"],
            c["population"],
            text[r["prompt_id"]],
        )
    assert c["name"] == rows(atlas, "cities", "made")[city_of(SIZE)[SIZE.n_prompts - 1]]["name"]


def test_model_info(atlas: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    (info,) = ask(connection, f"FROM model_info('{MODEL}')")
    (made,) = rows(atlas, "atlases")
    assert {k: v for k, v in made.items() if k != "created_at"}.items() <= info.items()
    assert info["n_tokens"] == lengths(SIZE).sum()
    assert info["n_fired"] == len(rows(atlas, "activations"))
    assert info["thresholds"] == [r["threshold"] for r in rows(atlas, "thresholds")]


def test_maps(atlas: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    city = cities_of_prompts(atlas)
    facts = {(r["layer"], r["neuron"]): r for r in rows(atlas, "neurons")}
    got = ask(connection, f"FROM neuron_points('{MODEL}')")
    placed = rows(atlas, "neuron_map")
    assert [(r["layer"], r["neuron"], r["x"], r["y"], r["cluster"]) for r in got] == [
        (r["layer"], r["neuron"], r["x"], r["y"], r["cluster"]) for r in placed
    ]
    silent = [r for r in got if not facts[r["layer"], r["neuron"]]["n_fired"]]
    assert 10 < len(silent) < len(got)
    assert {(r["x"], r["y"], r["prompt_id"], r["name"], r["country"]) for r in silent} == {
        (None,) * 5
    }
    for r in got:
        fact = facts[r["layer"], r["neuron"]]
        assert (r["firing_rate"], r["n_fired"]) == (fact["firing_rate"], fact["n_fired"])
    for r in [r for r in got if r["n_fired"]]:
        c = city[facts[r["layer"], r["neuron"]]["top_prompt_id"]]
        assert r["prompt_id"] == facts[r["layer"], r["neuron"]]["top_prompt_id"]
        assert (r["name"], r["country"], r["continent"]) == (
            c["name"],
            c["country"],
            c["continent"],
        )
    got = ask(connection, f"FROM prompt_points('{MODEL}')")
    assert [(r["prompt_id"], r["x"], r["y"], r["name"]) for r in got] == [
        (r["prompt_id"], r["x"], r["y"], city[r["prompt_id"]]["name"])
        for r in rows(atlas, "prompt_map")
    ]


def test_labels_of_maps(atlas: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    held = rows(atlas, "map_clusters")
    for kind in ("neuron", "prompt"):
        got = ask(connection, f"FROM map_labels('{MODEL}', '{kind}')")
        wanted = [{k: v for k, v in r.items() if k != "kind"} for r in held if r["kind"] == kind]
        assert got == wanted
        assert len(got) > 3


def test_summaries_of_layers(atlas: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    got = ask(connection, f"FROM layer_summary('{MODEL}')")
    assert [r["layer"] for r in got] == list(range(SIZE.n_layers))
    for r in got:
        mine = rows(atlas, "neurons", layer=r["layer"])
        assert r["n_neurons"] == len(mine) == SIZE.n_neurons
        assert r["n_fired"] == sum(n["n_fired"] for n in mine)
        assert r["firing_rate"] == pytest.approx(np.mean([n["firing_rate"] for n in mine]))
        assert r["n_silent"] == sum(n["n_fired"] == 0 for n in mine)
    got = ask(connection, f"FROM lens_by_layer('{MODEL}')")
    for r in got:
        mine = [
            x
            for x in rows(atlas, "logit_lens", layer=r["layer"], rank=1)
            if x["next_rank"] is not None
        ]
        assert r["n_tokens"] == len(mine) == lengths(SIZE).sum() - SIZE.n_prompts
        assert r["next_probability"] == pytest.approx(
            np.mean([x["next_probability"] for x in mine])
        )
        assert r["median_next_rank"] == np.median([x["next_rank"] for x in mine])
        assert r["top1_accuracy"] == pytest.approx(np.mean([x["next_rank"] == 1 for x in mine]))
        assert r["top5_accuracy"] == pytest.approx(np.mean([x["next_rank"] <= 5 for x in mine]))


@pytest.mark.parametrize("prompt", [PROMPT, 5, 7])  # a later sink too; none at the beginning
def test_prompt_neurons(atlas: Lake, connection: duckdb.DuckDBPyConnection, prompt: int) -> None:
    facts = {(r["layer"], r["neuron"]): r for r in rows(atlas, "neurons")}
    expected = [
        (r["layer"], r["neuron"], r["activation"], r["position"])
        for r in rows(atlas, "neuron_peaks", prompt_id=prompt)
    ]
    scored = {
        key[:2]: (key[2] - facts[key[:2]]["mean"]) / facts[key[:2]]["std"] for key in expected
    }
    got = ask(connection, f"FROM prompt_neurons('{MODEL}', {prompt}, 1000)")
    assert sorted((r["layer"], r["neuron"], r["peak"], r["peak_position"]) for r in got) == sorted(
        expected
    )
    assert [r["z"] for r in got] == pytest.approx(sorted(scored.values(), key=abs, reverse=True))
    assert got[:3] == ask(connection, f"FROM prompt_neurons('{MODEL}', {prompt}, 3)")
