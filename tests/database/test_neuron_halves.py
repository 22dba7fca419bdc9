"""Macros about the halves of a neuron against values computed here from the dense activations."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import pytest
from scipy.stats import binomtest

from kn_assets.lake import Lake
from kn_assets.synthetic import sinks
from tests.database.told import (
    LAYER,
    MODEL,
    NEURON,
    SIZE,
    ask,
    busiest,
    check_prompt_row,
    cities_of_prompts,
    dense,
    rows,
)

NEURONS = [(LAYER, NEURON), (0, 1), (2, 39), (1, 0)]  # the last has outsized values at sinks


def values(layer: int, neuron: int) -> np.ndarray:
    """Its activations, [prompt, position], NaN at sinks and past ends."""
    return np.where(sinks(SIZE), np.nan, dense()[layer, neuron])


def threshold(atlas: Lake, layer: int) -> float:
    return rows(atlas, "thresholds", layer=layer)[0]["threshold"]


def firings(atlas: Lake, layer: int, neuron: int, sign: int) -> list[tuple[int, int, float]]:
    found = values(layer, neuron)
    size = np.float32(threshold(atlas, layer))
    return [(p, t, float(a)) for (p, t), a in np.ndenumerate(found) if sign * a >= size]


def words(atlas: Lake) -> dict[tuple[int, int], str]:
    return {(r["prompt_id"], r["position"]): r["token"] for r in rows(atlas, "tokens")}


@pytest.mark.parametrize(("layer", "neuron"), NEURONS)
@pytest.mark.parametrize("bars", [1, 4, 20])
def test_a_histogram_counts_every_token_once_between_its_edges(
    atlas: Lake, connection: duckdb.DuckDBPyConnection, layer: int, neuron: int, bars: int
) -> None:
    found = values(layer, neuron)
    kept = found[np.isfinite(found)].astype(np.float64)
    least = float(threshold(atlas, layer))
    largest = np.abs(kept).max()
    assert largest > least
    got = ask(connection, f"FROM neuron_histogram('{MODEL}', {layer}, {neuron}, bars := {bars})")
    assert sum(r["n"] for r in got) == len(kept)
    assert [r["lower"] for r in got] == sorted(r["lower"] for r in got)
    assert all(a["upper"] == b["lower"] for a, b in pairwise(got))
    (middle,) = [r for r in got if r["sign"] == 0]
    assert (middle["lower"], middle["upper"]) == (-least, least)
    assert middle["n"] == np.count_nonzero(np.abs(kept) < least)
    for sign in (1, -1):
        mine = sorted(
            (r for r in got if r["sign"] == sign),
            key=lambda r: min(abs(r["lower"]), abs(r["upper"])),
        )
        for i, r in enumerate(mine):
            inner, outer = sorted((sign * r["lower"], sign * r["upper"]))
            size = sign * kept
            last = outer == largest
            within = (size >= inner) & ((size <= outer) if last else (size < outer))
            assert r["n"] == np.count_nonzero(within), (sign, i)
            assert inner == pytest.approx(least + i * (largest - least) / bars)
            assert outer == pytest.approx(least + (i + 1) * (largest - least) / bars)
        assert mine[-1]["n"] > 0 if mine else not (sign * kept >= least).any()
    assert max(abs(r["lower"]) for r in got) == largest or got[-1]["upper"] == largest


def test_a_value_at_the_threshold_or_on_an_edge_is_in_the_bar_that_begins_there(
    tmp_path: Any,
) -> None:
    """Exact edges: 1, 2, 3 and 4 with a threshold of 1 and three bars of width 1."""
    import pyarrow as pa

    from kn_assets.database import database
    from kn_assets.lake import model
    from kn_assets.lake.schema import TABLES

    lake, where = Lake(tmp_path), model("made")

    def write(table: str, some: list[dict[str, Any]]) -> None:
        lake.write(where, table, pa.Table.from_pylist(some, TABLES[table].schema), "made-up")

    told = [1.0, 2.0, 3.0, 4.0, -1.0, -2.0, -2.5]
    place = [{"prompt_id": 0, "position": i} for i in range(len(told) + 2)]
    fired = zip(place, told, strict=False)
    write(
        "activations_by_neuron",
        [{**at, "layer": 0, "neuron": 0, "activation": a} for at, a in fired],
    )
    write("tokens", [{**at, "token_id": 1, "token": "x", "sink": False} for at in place])
    write("thresholds", [{"layer": 0, "threshold": 1.0}])
    with database.connect(lake) as half:  # statistics are to come
        assert ask(half, "FROM neuron_histogram('made', 0, 0)") == []
        assert ask(half, "FROM neuron_halves('made', 0, 0)") == []
    write("neurons", [{"layer": 0, "neuron": 0}, {"layer": 0, "neuron": 1}])
    with database.connect(lake) as made:
        got = ask(made, "FROM neuron_histogram('made', 0, 0, bars := 3)")
        (silent,) = ask(made, "FROM neuron_histogram('made', 0, 1)")
        counts = ask(made, "SELECT sign, n_fired FROM neuron_halves('made', 0, 0)")
    assert (silent["sign"], silent["n"]) == (0, len(place))
    assert counts == [{"sign": 1, "n_fired": 4}, {"sign": -1, "n_fired": 3}]
    assert [(r["lower"], r["upper"], r["n"]) for r in got] == [
        (-3.0, -2.0, 2),  # -2 lies in the bar that begins there, seen from the threshold
        (-2.0, -1.0, 1),
        (-1.0, 1.0, 2),
        (1.0, 2.0, 1),
        (2.0, 3.0, 1),
        (3.0, 4.0, 2),
    ]


@pytest.mark.parametrize(("layer", "neuron"), NEURONS)
def test_halves(
    atlas: Lake, connection: duckdb.DuckDBPyConnection, layer: int, neuron: int
) -> None:
    got = ask(connection, f"FROM neuron_halves('{MODEL}', {layer}, {neuron})")
    assert [r["sign"] for r in got] == [1, -1]
    n_tokens = np.isfinite(values(layer, neuron)).sum()
    for r in got:
        mine = firings(atlas, layer, neuron, r["sign"])
        assert mine
        assert r["n_fired"] == len(mine)
        assert r["firing_rate"] == pytest.approx(len(mine) / n_tokens)
        assert r["n_prompts"] == len({p for p, _, _ in mine})
        assert r["largest"] == max((a for _, _, a in mine), key=abs)
        assert r["mean"] == pytest.approx(np.mean([a for _, _, a in mine]))
        for name, side in (("promoted", r["sign"]), ("suppressed", -r["sign"])):
            list_of = rows(atlas, "neuron_vocabulary", layer=layer, neuron=neuron, sign=side)
            assert r[name] == [v["token"] for v in list_of]
            assert r[f"{name}_scores"] == [r["sign"] * v["score"] for v in list_of]
    assert got[0]["promoted"] == got[1]["suppressed"] != got[1]["promoted"]


@pytest.mark.parametrize("sign", [1, -1])
def test_examples_of_a_half_are_ranked_by_its_own_peaks(
    atlas: Lake, connection: duckdb.DuckDBPyConnection, sign: int
) -> None:
    layer, neuron = busiest(atlas)
    peaks: dict[int, tuple[float, int]] = {}
    for p, t, a in firings(atlas, layer, neuron, sign):
        peaks[p] = max(peaks.get(p, (0.0, 0)), (abs(a), t))
    ranked = sorted(peaks, key=lambda p: (-peaks[p][0], p))
    assert len(ranked) > 4
    of = f"'{MODEL}', {layer}, {neuron}, {sign}"
    got = ask(connection, f"FROM neuron_half_examples({of}, 2, 3)")
    assert [r["rank"] for r in got if not r["sampled"]] == [1, 2]
    assert len([r for r in got if r["sampled"]]) == min(3, len(ranked) - 2)
    for r in got:
        assert ranked[r["rank"] - 1] == r["prompt_id"]
        assert (sign * r["peak"], r["peak_position"]) == peaks[r["prompt_id"]]
        check_prompt_row(atlas, r, layer, neuron)
    whole = ask(connection, f"FROM neuron_half_examples({of}, 1000, 0)")
    assert [r["prompt_id"] for r in whole] == ranked


@pytest.mark.parametrize("shift", [0, 1, -1])
@pytest.mark.parametrize("sign", [1, -1])
def test_tokens_at_and_beside_firings_have_their_lift(
    atlas: Lake, connection: duckdb.DuckDBPyConnection, sign: int, shift: int
) -> None:
    layer, neuron = busiest(atlas)
    token = words(atlas)
    ordinary = {(r["prompt_id"], r["position"]) for r in rows(atlas, "tokens") if not r["sink"]}
    corpus = Counter(token[p, t + shift] for p, t in ordinary if (p, t + shift) in token)
    fired = Counter(
        token[p, t + shift]
        for p, t, _ in firings(atlas, layer, neuron, sign)
        if (p, t + shift) in token
    )
    total, n_fired = sum(corpus.values()), sum(fired.values())
    assert n_fired
    got = ask(
        connection, f"FROM neuron_tokens('{MODEL}', {layer}, {neuron}, {sign}, shift := {shift})"
    )
    assert {r["token"]: r["n_both"] for r in got} == fired
    surplus = []
    for r in got:
        share = corpus[r["token"]] / total
        of = binomtest(r["n_both"], n_fired).proportion_ci(method="wilson")
        assert (r["n_fired"], r["n"], r["n_tokens"]) == (n_fired, corpus[r["token"]], total)
        assert (r["share"], r["corpus_share"]) == pytest.approx((r["n_both"] / n_fired, share))
        assert (r["lift_low"], r["lift"], r["lift_high"]) == pytest.approx(
            (of.low / share, r["n_both"] / n_fired / share, of.high / share)
        )
        assert r["fires_at"] == pytest.approx(r["n_both"] / corpus[r["token"]])
        surplus.append(of.low - share)
    assert surplus == pytest.approx(sorted(surplus, reverse=True))


@pytest.mark.parametrize("sign", [None, 1, -1])
def test_lift_is_its_share_over_the_corpus_share(
    atlas: Lake, connection: duckdb.DuckDBPyConnection, sign: int | None
) -> None:
    city = cities_of_prompts(atlas)
    layer, neuron = busiest(atlas)
    signs = (1, -1) if sign is None else (sign,)
    fired = {p for s in signs for p, _, _ in firings(atlas, layer, neuron, s)}
    given = "" if sign is None else f", sign := {sign}"
    got = ask(connection, f"FROM neuron_lift('{MODEL}', {layer}, {neuron}{given})")
    assert {r["attribute"] for r in got} == {"country", "continent", "capital"}
    for attribute in ("country", "continent"):
        corpus = Counter(city[p][attribute] for p in range(SIZE.n_prompts) if city[p][attribute])
        mine = Counter(city[p][attribute] for p in fired if city[p][attribute])
        told = {r["value"]: r for r in got if r["attribute"] == attribute}
        assert {v: r["n_both"] for v, r in told.items()} == mine
        for value, r in told.items():
            total, n_fired = sum(corpus.values()), sum(mine.values())
            assert (r["n"], r["n_prompts"], r["n_fired"]) == (corpus[value], total, n_fired)
            share = corpus[value] / total
            of = binomtest(mine[value], n_fired).proportion_ci(method="wilson")
            assert (r["lift_low"], r["lift"], r["lift_high"]) == pytest.approx(
                (of.low / share, mine[value] / n_fired / share, of.high / share)
            )


def test_a_neuron_that_fires_everywhere_has_a_lift_of_one(
    atlas: Lake, connection: duckdb.DuckDBPyConnection
) -> None:
    """28 % of the corpus is one country, and so is 28 % of its prompts: nothing to tell."""
    layer, neuron = busiest(atlas)
    got = ask(connection, f"FROM neuron_lift('{MODEL}', {layer}, {neuron})")
    fired = {p for s in (1, -1) for p, _, _ in firings(atlas, layer, neuron, s)}
    assert fired == set(range(SIZE.n_prompts))
    assert all(r["lift"] == 1 and r["lift_low"] < 1 <= r["lift_high"] for r in got)


def test_neurons_alike_by_the_cosine_of_their_peaks(
    atlas: Lake, connection: duckdb.DuckDBPyConnection
) -> None:
    peaks = np.zeros((SIZE.n_layers, SIZE.n_neurons, SIZE.n_prompts))
    for r in rows(atlas, "neuron_peaks"):
        peaks[r["layer"], r["neuron"], r["prompt_id"]] = r["activation"]
    own = peaks[LAYER, NEURON]
    norms = np.linalg.norm(peaks, axis=2) * np.linalg.norm(own)
    with np.errstate(invalid="ignore"):
        cosine = (peaks @ own) / norms
    got = ask(connection, f"FROM neurons_alike('{MODEL}', {LAYER}, {NEURON}, k := 8)")
    best = np.sort(
        np.abs(np.nan_to_num(np.delete(cosine.ravel(), LAYER * SIZE.n_neurons + NEURON)))
    )
    assert [abs(r["cosine"]) for r in got] == pytest.approx(best[::-1][:8])
    for r in got:
        other = peaks[r["layer"], r["neuron"]]
        assert r["cosine"] == pytest.approx(cosine[r["layer"], r["neuron"]])
        assert r["shared"] == np.count_nonzero((other != 0) & (own != 0))
        assert r["n_prompts"] == np.count_nonzero(other)


def test_neurons_promoting_alike_share_tokens_of_a_side(
    atlas: Lake, connection: duckdb.DuckDBPyConnection
) -> None:
    lists: dict[tuple[int, int], dict[int, set[int]]] = {}
    for r in rows(atlas, "neuron_vocabulary"):
        sides = lists.setdefault((r["layer"], r["neuron"]), {1: set(), -1: set()})
        sides[r["sign"]].add(r["token_id"])
    own = lists.pop((LAYER, NEURON))
    shared = {
        (*key, opposite): sum(len(own[s] & of[-s if opposite else s]) for s in (1, -1))
        for key, of in lists.items()
        for opposite in (False, True)
    }
    wanted = sorted((-n, key) for key, n in shared.items() if n)[:7]
    sql = f"FROM neurons_promoting_alike('{MODEL}', {LAYER}, {NEURON}, k := 7)"
    got = ask(connection, sql)
    assert [(-r["n_shared"], (r["layer"], r["neuron"], r["opposite"])) for r in got] == wanted
    assert {r["n_tokens"] for r in got} == {len(own[1]) + len(own[-1])}
    assert all(len(r["tokens"]) == r["n_shared"] for r in got)


def test_marks_and_verdicts_of_a_neuron(atlas: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    concepts = ask(connection, f"FROM neuron_concepts WHERE model = '{MODEL}'")
    layer, neuron = concepts[0]["layer"], concepts[0]["neuron"]
    mine = [r for r in concepts if (r["layer"], r["neuron"]) == (layer, neuron)]
    got = ask(connection, f"FROM neuron_marks('{MODEL}', {layer}, {neuron})")
    assert sorted(r["value"] for r in got) == sorted(r["value"] for r in mine)
    lows = [r["auroc_low"] for r in got]
    assert lows == sorted(lows, reverse=True)
    held = ask(connection, f"FROM knowledge_neurons WHERE model = '{MODEL}'")
    verdicts = ask(connection, f"FROM verdicts WHERE model = '{MODEL}' AND kind = 'suppress'")
    said = {(r["fact_id"], r["claim"]): r["verdict"] for r in verdicts}
    judged = 0
    for layer, neuron in {(r["layer"], r["neuron"]) for r in held}:
        facts = ask(connection, f"FROM neuron_facts('{MODEL}', {layer}, {neuron})")
        of = {r["fact_id"] for r in held if (r["layer"], r["neuron"]) == (layer, neuron)}
        assert {r["fact_id"] for r in facts} == of and len(facts) == len(of)
        for r in facts:
            assert r["causal"] == said.get((r["fact_id"], "causal"))
            assert r["specific"] == said.get((r["fact_id"], "specific"))
            judged += r["causal"] is not None
    assert judged
