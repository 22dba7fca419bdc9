"""The made-up atlas itself, on which everything else leans."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from kn_assets.lake import Lake
from kn_assets.synthetic import lengths, sinks
from tests.database.told import NEURON, SIZE, dense, rows


def test_made_up_activations_are_those_over_the_threshold_in_both_orders(atlas: Lake) -> None:
    threshold = {r["layer"]: r["threshold"] for r in rows(atlas, "thresholds")}
    expected = {
        (p, t, layer, n): a
        for (layer, n, p, t), a in np.ndenumerate(dense())
        if abs(a) >= threshold[layer]
    }
    by_prompt = [
        (r["prompt_id"], r["position"], r["layer"], r["neuron"]) for r in rows(atlas, "activations")
    ]
    by_neuron = [
        (r["layer"], r["neuron"], r["prompt_id"], r["position"])
        for r in rows(atlas, "activations_by_neuron")
    ]
    assert by_prompt == sorted(expected)
    assert by_neuron == sorted((la, n, p, t) for p, t, la, n in expected)
    for r in rows(atlas, "activations"):
        assert r["activation"] == expected[r["prompt_id"], r["position"], r["layer"], r["neuron"]]
    share = len(expected) / np.isfinite(dense()).sum()
    assert share == pytest.approx(SIZE.density, abs=0.02)


def test_made_up_sinks_are_the_first_tokens_of_most_prompts_and_some_later_ones(
    atlas: Lake,
) -> None:
    told = {(r["prompt_id"], r["position"]) for r in rows(atlas, "tokens") if r["sink"]}
    assert told == set(zip(*(i.tolist() for i in np.nonzero(sinks(SIZE))), strict=True))
    assert {p for p, t in told if t == 0} == set(range(SIZE.n_prompts)) - {7}
    assert {(p, t) for p, t in told if t > 0} == {(5, 2)}


def test_made_up_statistics_leave_out_sinks(atlas: Lake) -> None:
    values = np.where(sinks(SIZE), np.nan, dense())
    neurons = rows(atlas, "neurons")
    assert len(neurons) == SIZE.n_layers * SIZE.n_neurons
    for r in neurons:
        mine = values[r["layer"], r["neuron"]]
        kept = mine[np.isfinite(mine)].astype(np.float64)
        assert r["mean"] == pytest.approx(kept.mean())
        assert r["std"] == pytest.approx(kept.std())
        assert (r["min"], r["max"]) == (kept.min(), kept.max())
        p, t = r["top_prompt_id"], r["top_position"]
        assert r["top_activation"] == mine[p, t]
        assert abs(r["top_activation"]) == np.abs(kept).max()


def test_made_up_top_tokens_and_peaks_are_the_greatest(atlas: Lake) -> None:
    values = np.where(sinks(SIZE), np.nan, dense())
    for layer in range(SIZE.n_layers):
        mine = values[layer, NEURON]
        order = sorted((-a, p, t) for (p, t), a in np.ndenumerate(mine) if np.isfinite(a))
        found = rows(atlas, "neuron_top", layer=layer, neuron=NEURON, sign=1)
        assert [(-r["activation"], r["prompt_id"], r["position"]) for r in found] == order[
            : SIZE.top
        ]
        order = sorted((a, p, t) for a, p, t in ((-a, p, t) for a, p, t in order))
        found = rows(atlas, "neuron_top", layer=layer, neuron=NEURON, sign=-1)
        assert [(r["activation"], r["prompt_id"], r["position"]) for r in found] == order[
            : SIZE.top
        ]
    threshold = {r["layer"]: r["threshold"] for r in rows(atlas, "thresholds")}
    expected = {}
    for (layer, n, p, _), a in np.ndenumerate(values):
        if abs(a) >= threshold[layer]:
            best = expected.get((layer, n, p))
            if best is None or abs(a) > abs(best):
                expected[layer, n, p] = a
    peaks = {
        (r["layer"], r["neuron"], r["prompt_id"]): r["activation"]
        for r in rows(atlas, "neuron_peaks")
    }
    assert peaks == expected


def test_made_up_attention_sums_to_one_and_looks_back(atlas: Lake) -> None:
    total = defaultdict(float)
    for r in rows(atlas, "attention"):
        assert r["source_position"] <= r["position"]
        total[r["prompt_id"], r["layer"], r["position"]] += r["weight"]
    assert len(total) == lengths(SIZE).sum() * SIZE.n_layers
    assert list(total.values()) == pytest.approx([1.0] * len(total), abs=1e-5)


def test_made_up_lens_agrees_with_the_tokens(atlas: Lake) -> None:
    token = {(r["prompt_id"], r["position"]): r["token_id"] for r in rows(atlas, "tokens")}
    grouped = defaultdict(list)
    for r in rows(atlas, "logit_lens"):
        grouped[r["prompt_id"], r["position"], r["layer"]].append(r)
    assert len(grouped) == len(token) * SIZE.n_layers
    seen = set()
    for (p, t, _), five in grouped.items():
        assert [r["rank"] for r in five] == [1, 2, 3, 4, 5]
        assert len({r["token_id"] for r in five}) == 5
        chances = [r["probability"] for r in five]
        assert chances == sorted(chances, reverse=True) and 0 < sum(chances) <= 1
        following, first = token.get((p, t + 1)), five[0]
        named = {r["token_id"]: r for r in five}
        seen.add(None if following is None else following in named)
        if following is None:
            assert first["next_rank"] is None and first["next_probability"] is None
        elif following in named:
            assert named[following]["rank"] == first["next_rank"]
            assert named[following]["probability"] == first["next_probability"]
        else:
            assert first["next_rank"] > 5 and first["next_probability"] <= chances[-1]
    assert seen == {True, False, None}
