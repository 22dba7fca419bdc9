"""Macros about neurons against values computed here from the tables' Arrow, without SQL."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest
from scipy.stats import binomtest

from kn_assets.database import database
from kn_assets.lake import Lake
from tests.database.told import (
    LAYER,
    MODEL,
    NEURON,
    SIZE,
    ask,
    busiest,
    check_prompt_row,
    cities_of_prompts,
    peaks_by_strength,
    rows,
)
from tests.made import make_lake


@pytest.mark.parametrize(("layer", "neuron"), [(1, 11), (0, 1), (2, 39)])
def test_neuron_prompts(
    atlas: Lake, connection: duckdb.DuckDBPyConnection, layer: int, neuron: int
) -> None:
    ranked = peaks_by_strength(atlas, layer, neuron)
    for k in (4, 1000):
        got = ask(connection, f"FROM neuron_prompts('{MODEL}', {layer}, {neuron}, {k})")
        assert [(r["rank"], r["prompt_id"], r["peak_position"], r["peak"]) for r in got] == [
            (i + 1, r["prompt_id"], r["position"], r["activation"])
            for i, r in enumerate(ranked[:k])
        ]
        for r in got:
            check_prompt_row(atlas, r, layer, neuron)
    assert ranked


def test_neuron_sample_draws_below_the_top_and_the_same_again(
    atlas: Lake, connection: duckdb.DuckDBPyConnection
) -> None:
    layer, neuron = busiest(atlas)
    ranked = peaks_by_strength(atlas, layer, neuron)
    assert len(ranked) >= 8
    drawn = set()
    for seed in range(6):
        sql = f"FROM neuron_sample('{MODEL}', {layer}, {neuron}, 3, seed := {seed})"
        got = ask(connection, sql)
        assert got == ask(connection, sql)
        assert len(got) == 3
        for r in got:
            assert r["rank"] > 3 and ranked[r["rank"] - 1]["prompt_id"] == r["prompt_id"]
            assert ranked[r["rank"] - 1]["activation"] == r["peak"]
            check_prompt_row(atlas, r, layer, neuron)
        assert [r["rank"] for r in got] == sorted(r["rank"] for r in got)
        drawn.add(tuple(r["rank"] for r in got))
    assert len(drawn) > 1
    everything = ask(connection, f"FROM neuron_sample('{MODEL}', {layer}, {neuron}, {len(ranked)})")
    assert everything == []


def test_neuron_card(atlas: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    (card,) = ask(connection, f"FROM neuron_card('{MODEL}', {LAYER}, {NEURON})")
    (facts,) = rows(atlas, "neurons", layer=LAYER, neuron=NEURON)
    assert facts.items() <= card.items()
    city = cities_of_prompts(atlas)[facts["top_prompt_id"]]
    assert (card["top_name"], card["top_country"]) == (city["name"], city["country"])
    assert card["n_prompts"] == len(peaks_by_strength(atlas, LAYER, NEURON))
    assert card["threshold"] == rows(atlas, "thresholds", layer=LAYER)[0]["threshold"]
    for sign, words, scores in (
        (1, "promoted", "promoted_scores"),
        (-1, "suppressed", "suppressed_scores"),
    ):
        found = rows(atlas, "neuron_vocabulary", layer=LAYER, neuron=NEURON, sign=sign)
        assert card[words] == [r["token"] for r in found]
        assert card[scores] == [r["score"] for r in found]


@pytest.mark.parametrize("country", ["japan", "JP"])
def test_neurons_for_country(
    atlas: Lake, connection: duckdb.DuckDBPyConnection, country: str
) -> None:
    city = cities_of_prompts(atlas)
    inside = {p for p in range(SIZE.n_prompts) if city[p]["country"] == "Japan"}
    n_in, n_out = len(inside), SIZE.n_prompts - len(inside)
    fired = defaultdict(lambda: [0, 0])
    for r in rows(atlas, "neuron_peaks"):
        fired[r["layer"], r["neuron"]][r["prompt_id"] not in inside] += 1
    expected, low = {}, {}
    for key, (a, b) in fired.items():
        pooled = (a + b) / (n_in + n_out)
        spread = pooled * (1 - pooled) * (1 / n_in + 1 / n_out)
        least = binomtest(a, n_in).proportion_ci(method="wilson").low
        most = binomtest(b, n_out).proportion_ci(method="wilson").high
        share, elsewhere = a / n_in, b / n_out
        low[key] = share - elsewhere - math.hypot(share - least, most - elsewhere)
        if low[key] > 0:
            expected[key] = (share - elsewhere) / spread**0.5
    assert 2 < len(expected) < 20, "the others are not supported"
    got = ask(connection, f"FROM neurons_for_country('{MODEL}', '{country}', 100)")
    assert {(r["layer"], r["neuron"]) for r in got} == set(expected)
    assert got[:3] == ask(connection, f"FROM neurons_for_country('{MODEL}', '{country}', 3)")
    bounds = [r["difference_low"] for r in got]
    assert bounds == sorted(bounds, reverse=True)
    for r in got:
        assert r["difference_low"] == pytest.approx(low[r["layer"], r["neuron"]])
        a, b = fired[r["layer"], r["neuron"]]
        assert (r["n_prompts"], r["n_fired"]) == (n_in, a)
        assert (r["share"], r["share_elsewhere"]) == pytest.approx((a / n_in, b / n_out))
        assert expected[r["layer"], r["neuron"]] == pytest.approx(r["z"])


def test_a_country_of_one_prompt_supports_nothing(tmp_path: Path) -> None:
    """Whatever fires in that prompt alone, and many do: the prompt has other topics too."""
    with database.connect(make_lake(tmp_path, n_prompts=7)) as few:
        named = ask(few, "SELECT country, count(*) AS n FROM atlas_prompts('tiny') GROUP BY 1")
        alone = [r["country"] for r in named if r["country"] and r["n"] == 1]
        assert alone
        fired = "SELECT layer, neuron FROM neuron_peaks GROUP BY ALL HAVING count(*) = 1"
        assert ask(few, fired)
        for country in alone:
            name = country.replace("'", "''")
            assert ask(few, f"FROM neurons_for_country('tiny', '{name}', 5)") == []


@pytest.mark.parametrize(("hits", "trials"), [(0, 3), (1, 3), (3, 3), (1, 1), (7, 600), (599, 600)])
def test_wilsons_interval(connection: duckdb.DuckDBPyConnection, hits: int, trials: int) -> None:
    wanted = binomtest(hits, trials).proportion_ci(method="wilson")
    (got,) = ask(
        connection, f"SELECT wilson_low({hits}, {trials}) AS l, wilson_high({hits}, {trials}) AS h"
    )
    assert (got["l"], got["h"]) == pytest.approx((wanted.low, wanted.high))


@pytest.mark.parametrize(
    ("lens", "table"), [("logit", "neuron_vocabulary"), ("linear", "neuron_vocabulary_linear")]
)
def test_neurons_for_token_ignores_case_and_spaces(
    atlas: Lake, connection: duckdb.DuckDBPyConnection, lens: str, table: str
) -> None:
    found = [r for r in rows(atlas, table, sign=1) if r["token"].strip().lower() == "tokyo"]
    found.sort(key=lambda r: (r["rank"], -r["score"], r["layer"], r["neuron"]))
    got = ask(connection, f"FROM neurons_for_token('{MODEL}', 'TOKYO ', 5, lens := '{lens}')")
    assert [(r["layer"], r["neuron"], r["rank"]) for r in got] == [
        (r["layer"], r["neuron"], r["rank"]) for r in found[:5]
    ]
    assert len(found) > 5


def test_neuron_countries(atlas: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    city = cities_of_prompts(atlas)
    counts = defaultdict(int)
    for r in peaks_by_strength(atlas, LAYER, NEURON):
        counts[city[r["prompt_id"]]["country"]] += 1
    got = ask(connection, f"FROM neuron_countries('{MODEL}', {LAYER}, {NEURON})")
    assert {r["country"]: r["n_prompts"] for r in got} == counts
    assert [r["n_prompts"] for r in got] == sorted(counts.values(), reverse=True)
