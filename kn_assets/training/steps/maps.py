"""Maps through training: each step's begins where the one before ended, so that points move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from kn_assets.lake.schema import STEPS
from kn_assets.maps import projection
from kn_assets.maps.features import Peaks
from kn_assets.progress import Progress


def neuron_map_steps(
    steps: Sequence[int],
    peaks: Callable[[int], Peaks],
    n_layers: int,
    n_neurons: int,
    n_prompts: int,
    seed: int = 0,
    progress: Progress | None = None,
    kept: Callable[[int], pa.Table | None] = lambda _: None,
) -> Iterator[pa.Table]:
    """The table `neuron_map_steps`, a piece for each step in their order.

    peaks: step -> rows of its `neuron_peaks`; one step's are held at a time. kept: step -> its
    `neuron_map`, where it needn't be made. t-SNE keeps what its start laid out as far as the new
    distances allow, so nearness is each step's own and place is comparable from a step to the next.
    A neuron that fires again begins at its last place, one that fires at last in the middle.
    Clusters are numbered anew at each step.
    """
    start: np.ndarray | None = None
    for step in sorted(steps):
        placed = kept(step)
        if placed is None:
            found = projection.neuron_map(
                peaks(step), n_layers, n_neurons, n_prompts, seed, progress or Progress(), start
            )
            placed = projection.neuron_table(found, n_layers, n_neurons)
        place = np.stack([placed["x"].to_numpy(), placed["y"].to_numpy()], axis=1)
        start = place if start is None else np.where(np.isfinite(place), place, start)
        schema = STEPS["neuron_map_steps"].schema
        column = pa.array(np.full(placed.num_rows, step), pa.int32())
        yield placed.add_column(0, schema.field("step"), column).cast(schema)
