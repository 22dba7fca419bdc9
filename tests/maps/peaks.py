"""Peaks of neurons with planted groups, for the tests of maps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from kn_assets.lake.schema import TABLES
from kn_assets.maps import projection


def table(dense: np.ndarray, n_layers: int, shuffled: bool = False) -> pa.Table:
    """The peaks of a dense (n_layers * n_neurons) x n_prompts matrix, as in `neuron_peaks`."""
    n_neurons = len(dense) // n_layers
    row, prompt = np.nonzero(dense)
    if shuffled:
        order = np.random.default_rng(5).permutation(len(row))
        row, prompt = row[order], prompt[order]
    columns = {
        "layer": row // n_neurons,
        "neuron": row % n_neurons,
        "prompt_id": prompt,
        "position": np.ones_like(row),
        "activation": dense[row, prompt],
    }
    schema = TABLES["neuron_peaks"].schema
    return pa.table([pa.array(columns[f.name]).cast(f.type) for f in schema], schema=schema)


def planted(n_layers: int = 2, n_neurons: int = 90, n_prompts: int = 60, seed: int = 0) -> Any:
    """Neurons and prompts of three groups, some noise, and layers of very different strength."""
    rng = np.random.default_rng(seed)
    neuron_group = rng.integers(0, 3, n_layers * n_neurons)
    prompt_group = np.arange(n_prompts) % 3
    fires = neuron_group[:, None] == prompt_group[None]
    fires = np.where(rng.random(fires.shape) < 0.1, ~fires, fires)
    strength = np.repeat(25.0 ** np.arange(n_layers), n_neurons)[:, None]
    dense = fires * rng.uniform(0.5, 1.5, fires.shape) * strength
    return dense.astype(np.float32), neuron_group, prompt_group


def nearest_share(points: np.ndarray, group: np.ndarray) -> float:
    """Share of points whose nearest other point is of their group."""
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    return float((group[distance.argmin(axis=1)] == group).mean())


def xy(result: projection.MapResult) -> np.ndarray:
    return np.stack([result.x, result.y], axis=1)
