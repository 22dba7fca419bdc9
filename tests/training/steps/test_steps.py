from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
import torch

from kn_assets.errors import KnError
from kn_assets.knowledge.questions import Question
from kn_assets.lake.schema import STEPS, TABLES
from kn_assets.maps import projection
from kn_assets.training.steps import (
    fact_lens,
    fact_steps,
    layer_steps,
    neuron_map_steps,
    neuron_steps,
)
from kn_assets.training.steps.facts import saturation_layer
from tests.knowledge import naive

LAYERS, NEURONS, PROMPTS = 2, 5, 8
FLOOR = 0.2


def an_atlas(seed: int) -> tuple[pa.Table, pa.Table]:
    """The tables `neurons` and `neuron_top`, made up, the neurons in no order."""
    rng = np.random.default_rng(seed)
    places = list(itertools.product(range(LAYERS), range(NEURONS)))
    rng.shuffle(places)
    rate = rng.choice([0.0, 0.1, FLOOR, 0.3], len(places))
    blank = {c.name: np.zeros(len(places)) for c in TABLES["neurons"].columns}
    columns = {
        **blank,
        "layer": [layer for layer, _ in places],
        "neuron": [neuron for _, neuron in places],
        "firing_rate": rate,
    }
    top = [
        {
            "layer": layer,
            "neuron": neuron,
            "sign": sign,
            "rank": rank + 1,
            "prompt_id": int(rng.integers(PROMPTS)),
            "position": rank,
            "activation": 1.0,
        }
        for layer, neuron in places
        if (layer, neuron) != (1, 2)  # one that has no strongest tokens
        for sign in (1, -1)
        for rank in range(3)
    ]
    schema = TABLES["neurons"].schema
    return (
        pa.table([pa.array(columns[f.name]).cast(f.type) for f in schema], schema=schema),
        pa.Table.from_pylist(top, schema=TABLES["neuron_top"].schema),
    )


ATLASES = {step: an_atlas(step) for step in (0, 4, 16)}
NEURON_TABLES = {step: a for step, (a, _) in ATLASES.items()}
TOPS = {step: b for step, (_, b) in ATLASES.items()}


def rates(step: int) -> dict[tuple[int, int], float]:
    rows = NEURON_TABLES[step].to_pylist()
    return {(r["layer"], r["neuron"]): r["firing_rate"] for r in rows}


def prompts_of(step: int, layer: int, neuron: int) -> set[int]:
    return {
        r["prompt_id"]
        for r in TOPS[step].to_pylist()
        if (r["layer"], r["neuron"], r["sign"]) == (layer, neuron, 1)
    }


def test_each_neuron_at_each_step_against_plain_sets() -> None:
    table = neuron_steps(NEURON_TABLES, TOPS, FLOOR)
    assert table.schema == STEPS["neuron_steps"].schema
    rows = table.to_pylist()
    keys = [(r["step"], r["layer"], r["neuron"]) for r in rows]
    assert keys == list(itertools.product((0, 4, 16), range(LAYERS), range(NEURONS)))
    for r in rows:
        at = r["layer"], r["neuron"]
        assert r["firing_rate"] == rates(r["step"])[at]
        assert r["alive"] == (rates(r["step"])[at] >= FLOOR)
        now, final = prompts_of(r["step"], *at), prompts_of(16, *at)
        if now | final:
            assert r["final_overlap"] == pytest.approx(len(now & final) / len(now | final))
        else:
            assert at == (1, 2)
            assert r["final_overlap"] is None
    assert all(r["final_overlap"] in (1.0, None) for r in rows if r["step"] == 16)
    assert len({r["final_overlap"] for r in rows}) > 3


def test_births_and_deaths_against_plain_sets() -> None:
    steps = neuron_steps(NEURON_TABLES, TOPS, FLOOR)
    table = layer_steps(steps)
    assert table.schema == STEPS["layer_steps"].schema
    rows = table.to_pylist()
    assert [(r["step"], r["layer"]) for r in rows] == list(itertools.product((0, 4, 16), (0, 1)))
    for r in rows:
        alive = {
            step: {n for (layer, n), x in rates(step).items() if layer == r["layer"] and x >= FLOOR}
            for step in (0, 4, 16)
        }
        now = alive[r["step"]]
        assert r["n_alive"] == len(now)
        if r["step"] == 0:
            assert (r["births"], r["deaths"]) == (None, None)
        else:
            before = alive[{4: 0, 16: 4}[r["step"]]]
            assert (r["births"], r["deaths"]) == (len(now - before), len(before - now))
        shared = [
            s["final_overlap"]
            for s in steps.to_pylist()
            if (s["step"], s["layer"]) == (r["step"], r["layer"])
            and s["alive"]
            and s["final_overlap"] is not None
        ]
        assert r["mean_final_overlap"] == (pytest.approx(np.mean(shared)) if shared else None)
    assert sum(r["births"] or 0 for r in rows) > 0
    assert sum(r["deaths"] or 0 for r in rows) > 0


def test_one_step_is_no_training() -> None:
    with pytest.raises(KnError, match="at least two checkpoints"):
        neuron_steps({4: NEURON_TABLES[4]}, {4: TOPS[4]})


def test_models_of_other_shape_are_refused() -> None:
    with pytest.raises(KnError, match="step 4 has other neurons"):
        neuron_steps({0: NEURON_TABLES[0], 4: NEURON_TABLES[4].slice(1)}, TOPS)


def test_lens_of_facts_against_the_whole_model_run_plainly() -> None:
    loaded = naive.loaded("gpt2")
    prompts = [[5, 9, 30], [77, 12, 100, 41, 8], [3]]
    asked = [Question(i, 2, tuple(ids), 17 * (i + 1)) for i, ids in enumerate(prompts)]
    table = fact_lens(loaded, asked)
    assert table.schema == STEPS["fact_lens"].schema
    rows = table.to_pylist()
    n = loaded.parts.n_layers
    assert [(r["fact_id"], r["layer"]) for r in rows] == list(itertools.product(range(3), range(n)))
    for i, ids in enumerate(prompts):
        with torch.no_grad():
            out = loaded.model(input_ids=torch.tensor([ids]), output_hidden_states=True)
            inner = [
                loaded.model.lm_head(loaded.model.transformer.ln_f(h[0, -1]))
                for h in out.hidden_states[1:-1]
            ]
        for layer, logits in enumerate([*inner, out.logits[0, -1]]):
            p = logits.softmax(-1)
            row = rows[i * n + layer]
            assert row["probability"] == pytest.approx(p[asked[i].answer].item(), rel=1e-4)
            assert row["rank"] == int((p > p[asked[i].answer]).sum()) + 1


@pytest.mark.parametrize(
    ("ranks", "layer"),
    [
        ([1, 1, 1], 0),
        ([5, 1, 1], 1),
        ([1, 2, 1], 2),
        ([1, 1, 2], None),
        ([9, 9, 1], 2),
        ([3], None),
        ([1], 0),
    ],
)
def test_the_layer_that_decides(ranks: list[int], layer: int | None) -> None:
    assert saturation_layer(ranks) == layer


def test_facts_by_step_from_lenses() -> None:
    def lens(*ranks: tuple[int, int, list[int]]) -> pa.Table:
        rows = [
            {
                "fact_id": fact,
                "prompt": prompt,
                "layer": layer,
                "probability": 1 / (rank + layer),
                "rank": rank,
            }
            for fact, prompt, of_layers in ranks
            for layer, rank in reversed(list(enumerate(of_layers)))
        ]
        return pa.Table.from_pylist(rows, schema=STEPS["fact_lens"].schema)

    table = fact_steps({8: lens((3, 1, [4, 1, 1]), (3, 0, [1, 1, 2])), 0: lens((3, 0, [7, 8, 9]))})
    assert table.schema == STEPS["fact_steps"].schema
    names = ("step", "fact_id", "prompt", "trained", "rank", "saturation_layer")
    assert [[r[n] for n in names] for r in table.to_pylist()] == [
        [0, 3, 0, None, 9, None],
        [8, 3, 0, None, 2, None],
        [8, 3, 1, None, 1, 1],
    ]
    found = table["probability"].to_pylist()
    assert found == pytest.approx([1 / 11, 1 / 4, 1 / 3])


def some_peaks(seed: int) -> pa.Table:
    """Peaks of 40 neurons in four groups over 30 prompts; neuron 0 of layer 0 never fires."""
    rng = np.random.default_rng(seed)
    base = np.random.default_rng(99).random((4, 30)) > 0.6
    rows = [
        (i // 20, i % 20, int(prompt), float(1 + rng.random()))
        for i in range(1, 40)
        for prompt in np.flatnonzero(base[i % 4] ^ (rng.random(30) > 0.95))
    ]
    layer, neuron, prompt, activation = zip(*rows, strict=True)
    return pa.table(
        {
            "layer": pa.array(layer, pa.int16()),
            "neuron": pa.array(neuron, pa.int32()),
            "prompt_id": pa.array(prompt, pa.int32()),
            "activation": pa.array(activation, pa.float32()),
        }
    )


def test_each_map_begins_where_the_one_before_ended() -> None:
    peaks = {step: some_peaks(step) for step in (0, 4, 16)}
    pieces = list(neuron_map_steps([16, 0, 4], peaks.__getitem__, 2, 20, 30, seed=5))
    assert [set(p["step"].to_pylist()) for p in pieces] == [{0}, {4}, {16}]
    start = None
    for step, piece in zip((0, 4, 16), pieces, strict=True):
        assert piece.schema == STEPS["neuron_map_steps"].schema
        alone = projection.neuron_map(peaks[step], 2, 20, 30, seed=5, init=start)
        assert np.array_equal(piece["x"].to_numpy(), alone.x, equal_nan=True)
        assert np.array_equal(piece["y"].to_numpy(), alone.y, equal_nan=True)
        assert np.flatnonzero(np.isnan(alone.x)).tolist() == [0]  # the one that never fires
        start = np.stack([alone.x, alone.y], axis=1)
    unaligned = projection.neuron_map(peaks[16], 2, 20, 30, seed=5)
    assert moved(pieces[1], pieces[2]) < moved(pieces[1], projection.neuron_table(unaligned, 2, 20))


def moved(before: pa.Table, after: pa.Table) -> float:
    """Mean distance that neurons moved, in standard deviations of the map."""
    a, b = (np.stack([t["x"].to_numpy(), t["y"].to_numpy()], 1)[1:] for t in (before, after))
    a, b = ((p - p.mean(0)) / p.std() for p in (a, b))
    return float(np.linalg.norm(a - b, axis=1).mean())
