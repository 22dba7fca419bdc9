"""What the panes of a prompt and a neuron are sent, against the made-up values themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kn_assets.database.database import Database
from kn_assets.errors import KnError
from kn_assets.synthetic import Shape, dense_blocks, lengths
from ui.explore import neuron as neuron_view
from ui.explore import prompt as views
from ui.pack import pack, pack_ids, unpack

SHAPE = Shape()


def test_packed_arrays_come_back() -> None:
    for values, dtype in (([0, 255], "u1"), ([0, 256], "u2"), ([70_000], "u4")):
        packed = pack_ids(np.array(values))
        assert packed["dtype"] == dtype
        assert unpack(packed).tolist() == values
    assert unpack(pack(np.array([1.5, -2]), "f4")).tolist() == [1.5, -2]
    with pytest.raises(ValueError, match="don't fit u2"):
        pack(np.array([70_000]), "u2")


@pytest.fixture(scope="module")
def dense() -> np.ndarray[Any, Any]:
    """Activations [layer, neuron, prompt, position], NaN past a prompt's end."""
    found = np.full(
        (SHAPE.n_layers, SHAPE.n_neurons, SHAPE.n_prompts, SHAPE.n_tokens), np.nan, np.float32
    )
    for layer, first, values in dense_blocks(SHAPE):
        found[layer, first : first + len(values)] = values
    return found


def test_a_prompt_holds_all_that_fired_strongest_first(
    data: Database, dense: np.ndarray[Any, Any]
) -> None:
    prompt = 3  # a shorter one
    sent = views.prompt(data, "tiny", prompt, SHAPE.n_layers)
    n = int(lengths(SHAPE)[prompt])
    assert len(sent["tokens"]) == n
    offsets = unpack(sent["fired"]["offsets"])
    neurons, activations = unpack(sent["fired"]["neuron"]), unpack(sent["fired"]["activation"])
    assert len(offsets) == n * SHAPE.n_layers + 1
    for position in range(n):
        for layer in range(SHAPE.n_layers):
            values = dense[layer, :, prompt, position]
            fired = np.flatnonzero(np.abs(values) >= sent["thresholds"][layer])
            fired = fired[np.argsort(-np.abs(values[fired]), kind="stable")]
            place = position * SHAPE.n_layers + layer
            here = slice(offsets[place], offsets[place + 1])
            assert neurons[here].tolist() == fired.tolist()
            assert np.array_equal(activations[here], values[fired])


def test_a_prompts_lens_is_that_of_the_table(data: Database) -> None:
    sent = views.prompt(data, "tiny", 1, SHAPE.n_layers)
    lens = sent["lens"]
    shape = (len(sent["tokens"]), SHAPE.n_layers)
    word = unpack(lens["word"]).reshape(*shape, lens["ranks"])
    probability = unpack(lens["probability"]).reshape(*shape, lens["ranks"])
    next_rank = unpack(lens["next_rank"]).reshape(shape)
    rows = data.cursor().execute("FROM logit_lens WHERE prompt_id = 1").fetchall()
    assert len(rows) == word.size
    for _, _, position, layer, rank, _, token, p, _, following in rows:
        assert lens["words"][word[position, layer, rank - 1]] == token
        assert probability[position, layer, rank - 1] == np.float32(p)
        assert next_rank[position, layer] == (following or 0)


def test_a_neuron_comes_with_its_prompts_and_weights(
    data: Database, dense: np.ndarray[Any, Any]
) -> None:
    prompt, layer, neuron = 2, 1, 4
    sent = neuron_view.neuron(data, "tiny", prompt, layer, neuron)
    threshold = sent["card"]["threshold"]
    values = np.where(np.abs(dense[layer, neuron]) >= threshold, dense[layer, neuron], 0)
    peaks = np.abs(values[:, 1:]).max(axis=1)
    order = [int(p) for p in np.argsort(-peaks, kind="stable") if peaks[p] > 0]
    assert [row["prompt_id"] for row in sent["top"]] == order[: neuron_view.TOP_PROMPTS]
    rest = set(order[neuron_view.SAMPLE_PROMPTS :])
    assert {row["prompt_id"] for row in sent["sample"]} <= rest
    n = len(sent["attention"]["activations"])
    given = [a or 0 for a in sent["attention"]["activations"]]
    assert np.array_equal(np.array(given, np.float32), values[prompt, :n])
    weights = unpack(sent["attention"]["weights"])
    rows = data.cursor().execute(
        "SELECT position, source_position, weight FROM attention "
        "WHERE prompt_id = $1 AND layer = $2",
        [prompt, layer],
    )
    table = {(p, s): w for p, s, w in rows.fetchall()}
    assert len(table) == len(weights)
    for (position, source), weight in table.items():
        assert weights[position * (position + 1) // 2 + source] == np.float32(weight)


def test_a_missing_prompt_is_an_error(data: Database) -> None:
    with pytest.raises(KnError, match="no prompt 4000"):
        views.prompt(data, "tiny", 4000, SHAPE.n_layers)
