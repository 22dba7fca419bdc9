"""A made-up model through training: an atlas of each step, and the tables over all of them.

As steps go, answers become likelier and saturate in earlier layers, and a fact's neurons come to
hold it; the map drifts from step to step.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kn_assets import lake as lakes
from kn_assets.lake import Lake
from kn_assets.lake.schema import STEPS
from kn_assets.synthetic.dense import FINGERPRINT
from kn_assets.synthetic.knowledge import ends_otherwise
from kn_assets.training.steps import fact_steps, layer_steps, neuron_steps

_HELD_OUT = 1  # the last prompt of each fact


def write_training(lake: Lake, name: str, steps: tuple[int, ...], seed: int) -> None:
    """Write the tables over the atlases `name@stepN`, which are there with all tables."""
    of = {step: lakes.model(f"{name}@step{step}") for step in steps}
    neurons = neuron_steps(
        {step: lake.read(p, "neurons") for step, p in of.items()},
        {step: lake.read(p, "neuron_top") for step, p in of.items()},
    )
    lenses = {}
    for i, (step, partition) in enumerate(of.items()):
        atlas = lake.read(partition, "atlases").to_pylist()[0]
        asked = lake.read(partition, "fact_answers", ["fact_id", "prompt", "fact_set"]).to_pylist()
        skill = i / (len(of) - 1)
        lenses[step] = _lens(asked, atlas["n_layers"], skill, np.random.default_rng([seed, 7, i]))
        lake.write(partition, "fact_lens", lenses[step], FINGERPRINT)
    last: dict[int, int] = {}
    for row in asked:
        last[row["fact_id"]] = max(last.get(row["fact_id"], 0), row["prompt"])
    trained = {
        (row["fact_id"], row["prompt"])
        for row in asked
        if row["prompt"] <= last[row["fact_id"]] - _HELD_OUT
    }
    made = {
        "neuron_steps": neurons,
        "layer_steps": layer_steps(neurons),
        "fact_steps": fact_steps(lenses, trained),
        "neuron_map_steps": _map(neurons, np.random.default_rng([seed, 8])),
        "training_log": _log(steps),
    }
    for table, rows in made.items():
        lake.write(lakes.model(name), table, rows, FINGERPRINT)


def add_training(
    root: str | Path, model: str = "tiny", steps: tuple[int, ...] = (0, 1, 8, 64), **given: Any
) -> Lake:
    """Write atlases of `model@stepN` for each step, and the tables of the model's training.

    given: as for `make_lake`; the seed of a step is `seed` and its place, so that steps differ.
    """
    from kn_assets.synthetic import make_lake

    seed = given.pop("seed", 0)
    for i, step in enumerate(steps):
        final = step == steps[-1]
        lake = make_lake(root, f"{model}@step{step}", seed=seed + i, final=not final, **given)
    write_training(lake, model, steps, seed)
    return lake


def _lens(
    asked: list[dict[str, Any]], n_layers: int, skill: float, rng: np.random.Generator
) -> pa.Table:
    rows = []
    for row in asked:
        for layer in range(n_layers):
            right = rng.random() < skill * (layer + 1) / n_layers
            rank = 1 if right else int(rng.integers(2, 60))
            chance = float(rng.uniform(0.5, 0.95) if right else rng.uniform(0, 0.3) / rank)
            said = {"layer": layer, "probability": chance, "rank": rank}
            whole = {
                "logprob": float(np.log(max(chance, 1e-9))) - ends_otherwise(row),
                "greedy": rank == 1 and not ends_otherwise(row),
            }
            rows.append({**row, **said, **whole})
    return pa.Table.from_pylist(rows, schema=STEPS["fact_lens"].schema)


def _map(neurons: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Places that move a little from each step to the next."""
    step = neurons["step"].to_numpy()
    n_steps = len(np.unique(step))
    n = len(step) // n_steps
    moved = np.concatenate(
        [rng.standard_normal((1, n, 2)) * 20, rng.standard_normal((n_steps - 1, n, 2)) * 3]
    )
    places = moved.cumsum(0).reshape(-1, 2)
    columns = {
        "step": step,
        "layer": neurons["layer"].to_numpy(),
        "neuron": neurons["neuron"].to_numpy(),
        "x": places[:, 0],
        "y": places[:, 1],
        "cluster": np.tile(rng.integers(-1, 6, n), n_steps),
    }
    schema = STEPS["neuron_map_steps"].schema
    return pa.table([pa.array(columns[f.name]).cast(f.type) for f in schema], schema=schema)


def _log(steps: tuple[int, ...]) -> pa.Table:
    rows = [
        {
            "step": step,
            "loss": 8.0 * 0.97**step if step else None,
            "lr": 2e-3,
            "tokens": step * 3000,
            "seconds": step * 0.5,
            "cpu_seconds": step * 0.9,
            "known_trained": 1 - 0.95**step,
            "known_held_out": 1 - 0.98**step,
            "n_facts": 40,
        }
        for step in steps
    ]
    return pa.Table.from_pylist(rows, schema=STEPS["training_log"].schema)
