"""How unusual a value is for its neuron, against the made-up values themselves."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np
import pytest

from kn_assets.database.database import Database
from kn_assets.lake import Lake
from kn_assets.synthetic import Shape, dense_blocks, sinks
from tests.ui.asking import rows
from ui.explore import unusual
from ui.pack import unpack

SHAPE = Shape()
PROMPT = 3

Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def dense() -> Array:
    """Activations [layer, neuron, prompt, position], NaN at sinks and past a prompt's end."""
    found = np.full(
        (SHAPE.n_layers, SHAPE.n_neurons, SHAPE.n_prompts, SHAPE.n_tokens), np.nan, np.float32
    )
    for layer, first, values in dense_blocks(SHAPE):
        found[layer, first : first + len(values)] = values
    found[:, :, sinks(SHAPE)] = np.nan
    return found


def fired(data: Database) -> list[tuple[Any, ...]]:
    """Those of a prompt in the order in which the page has them."""
    return rows(
        data,
        "SELECT position, layer, neuron, activation FROM heatmap('tiny', $1) "
        "ORDER BY position, layer, abs(activation) DESC, neuron",
        PROMPT,
    )


def share(dense: Array, thresholds: list[float], layer: int, neuron: int, value: float) -> float:
    """Of all prompts, those in which some token that is no sink reaches the value."""
    sizes = np.nan_to_num(np.abs(dense[layer, neuron])).max(axis=1)
    return float(np.mean(sizes >= max(abs(value), thresholds[layer])))


def test_the_share_of_prompts_that_peak_as_high_is_counted(data: Database, dense: Array) -> None:
    thresholds = [t for (t,) in rows(data, "SELECT threshold FROM thresholds ORDER BY layer")]
    found = unpack(unusual.of_prompt(data, "tiny", PROMPT)["share"])
    wanted = [
        share(dense, thresholds, layer, neuron, value) for _, layer, neuron, value in fired(data)
    ]
    assert len(wanted) > 80
    assert len(set(wanted)) > 5
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_values_that_the_atlas_lacks_are_counted_alike(data: Database) -> None:
    _, layers, neurons, values = (np.array(column) for column in zip(*fired(data), strict=True))
    of_values = unusual.of_values(data, "tiny", SHAPE.n_prompts, layers, neurons, values)
    of_prompt = unusual.of_prompt(data, "tiny", PROMPT)
    assert unpack(of_values["share"]).tolist() == unpack(of_prompt["share"]).tolist()
    outsized = (np.array([0]), np.array([1]), np.array([1e9]))
    none = unusual.of_values(data, "tiny", SHAPE.n_prompts, *outsized)
    assert unpack(none["share"]).tolist() == [0]


def test_the_macro_tells_the_rarest_of_a_token_first(data: Database) -> None:
    found = rows(data, "SELECT position, share_of_prompts, firing_rate FROM unusual('tiny', 3)")
    assert found == sorted(found, key=lambda row: row[:2])
    assert all(rate > 0 for _, _, rate in found)


def test_neurons_that_fire_at_over_a_tenth_of_tokens_are_always_on(
    data: Database, dense: Array
) -> None:
    thresholds = [t for (t,) in rows(data, "SELECT threshold FROM thresholds ORDER BY layer")]
    rates = np.stack(
        [np.mean(np.abs(v[:, ~np.isnan(v[0])]) >= t, axis=1)
         for v, t in zip(dense, thresholds, strict=True)]
    )  # fmt: skip
    wanted = sorted([int(layer), int(n)] for layer, n in np.argwhere(rates > 0.1))
    assert sorted(unusual.always_on(data, "tiny")["neurons"]) == wanted
    assert wanted


def test_an_atlas_without_peaks_says_what_it_waits_for(half_lake: Lake) -> None:
    with closing(Database(half_lake)) as data:
        told = unusual.of_prompt(data, "tiny", 1)
        assert told["share"] is None
        assert "neuron_peaks" in told["missing"]["unusual"]
        assert "neurons" in unusual.always_on(data, "tiny")["missing"]["neurons"]
