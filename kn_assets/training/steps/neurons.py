"""Neurons through training: firing rates, births and deaths, overlap with the final checkpoint.

Each atlas has thresholds of its own, calibrated so that a stated share of a layer's activations
fires. So a firing rate says how large a part of its layer's firing a neuron has at that step, not
how large its activations are; atlases made with `--threshold` compare the latter.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from kn_assets.errors import KnError
from kn_assets.lake.schema import STEPS

ALIVE = 1e-3
"""A neuron is alive where it fires on at least this share of the tokens."""


def neuron_steps(
    neurons: Mapping[int, pa.Table], tops: Mapping[int, pa.Table], floor: float = ALIVE
) -> pa.Table:
    """The table `neuron_steps`: every neuron at every step.

    neurons, tops: step -> the tables `neurons` and `neuron_top` of that step's atlas, all of the
    same prompts. `final_overlap` is |A and B| / |A or B| for the top activating prompts (sign +1)
    now and at the last checkpoint; null where it has none at either. Raises KnError for fewer than
    two steps, or where the steps are of models of different shape.
    """
    steps = _steps(neurons)
    layer, neuron = _ids(neurons[steps[0]])
    width = int(neuron.max(initial=0)) + 1
    final = _marked(tops[steps[-1]], width)
    parts = []
    for step in steps:
        table = neurons[step].sort_by([("layer", "ascending"), ("neuron", "ascending")])
        if any(not np.array_equal(a, b) for a, b in zip(_ids(table), (layer, neuron), strict=True)):
            raise KnError(f"the atlas of step {step} has other neurons than step {steps[0]}'s")
        rate = table["firing_rate"].to_numpy()
        iou = _iou(_marked(tops[step], width), final, layer.astype(np.int64) * width + neuron)
        columns = {
            "step": np.full(len(rate), step),
            "layer": layer,
            "neuron": neuron,
            "firing_rate": rate,
            "alive": rate >= floor,
            "final_overlap": pa.array(iou, mask=np.isnan(iou)),
        }
        parts.append(_table("neuron_steps", columns))
    return pa.concat_tables(parts)


def layer_steps(neuron_steps: pa.Table) -> pa.Table:
    """The table `layer_steps`, from `neuron_steps`: births and deaths since the step before."""
    step = neuron_steps["step"].to_numpy()
    layer = neuron_steps["layer"].to_numpy()
    alive = neuron_steps["alive"].to_numpy(zero_copy_only=False)
    iou = neuron_steps["final_overlap"].to_numpy()
    rows = []
    for at in np.unique(layer):
        before = None
        for now in np.unique(step):
            here = (layer == at) & (step == now)
            living = alive[here]
            shared = iou[here][living]
            shared = shared[~np.isnan(shared)]
            rows.append(
                {
                    "step": int(now),
                    "layer": int(at),
                    "n_alive": int(living.sum()),
                    "births": None if before is None else int((living & ~before).sum()),
                    "deaths": None if before is None else int((before & ~living).sum()),
                    "mean_final_overlap": float(shared.mean()) if len(shared) else None,
                }
            )
            before = living
    rows.sort(key=lambda row: (row["step"], row["layer"]))
    return pa.Table.from_pylist(rows, schema=STEPS["layer_steps"].schema)


def _steps(tables: Mapping[int, pa.Table]) -> list[int]:
    if len(tables) < 2:
        raise KnError(
            "at least two checkpoints are needed: make atlases of more with `kn run --steps-of all`"
        )
    return sorted(tables)


def _ids(neurons: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    ordered = neurons.sort_by([("layer", "ascending"), ("neuron", "ascending")])
    return ordered["layer"].to_numpy(), ordered["neuron"].to_numpy()


def _marked(top: pa.Table, width: int) -> np.ndarray:
    """Distinct pairs of neuron (layer * width + neuron) and prompt, int64 [pairs, 2]."""
    excited = top["sign"].to_numpy() > 0
    neuron = top["layer"].to_numpy().astype(np.int64) * width + top["neuron"].to_numpy()
    pairs = np.stack([neuron, top["prompt_id"].to_numpy().astype(np.int64)], axis=1)
    return np.unique(pairs[excited], axis=0)


def _iou(now: np.ndarray, final: np.ndarray, neurons: np.ndarray) -> np.ndarray:
    """Intersection over union of each neuron's prompts, float64 [neurons], NaN where none."""
    base = int(max(now[:, 1].max(initial=0), final[:, 1].max(initial=0))) + 1
    shared = np.intersect1d(now[:, 0] * base + now[:, 1], final[:, 0] * base + final[:, 1]) // base
    size = int(max(a.max(initial=0) for a in (neurons, now[:, 0], final[:, 0]))) + 1
    both = np.bincount(shared, minlength=size)
    either = (
        np.bincount(now[:, 0], minlength=size) + np.bincount(final[:, 0], minlength=size) - both
    )
    with np.errstate(invalid="ignore"):
        return (both / either)[neurons]


def _table(name: str, columns: dict[str, object]) -> pa.Table:
    schema = STEPS[name].schema
    return pa.table([pa.array(columns[f.name]).cast(f.type) for f in schema], schema=schema)
