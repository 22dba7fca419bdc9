"""Maps of an atlas: its peaks read from the lake, placed in the plane, written back."""

from __future__ import annotations

import pyarrow.parquet as pq

from kn_assets import maps
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.progress import Progress


def write_map(plan: AtlasPlan, table: str, progress: Progress) -> dict[str, float]:
    """Make `neuron_map` or `prompt_map`, replacing it; returns the map's quality.

    Raises KnError where the atlas or its peaks aren't there.
    """
    plan.check_same()
    atlas = plan.lake.read(plan.model, "atlases").to_pylist()[0]
    shape = (atlas["n_layers"], atlas["n_neurons"], atlas["n_prompts"])
    peaks = (
        batch
        for path in plan.lake.files(plan.model, "neuron_peaks")
        for batch in pq.ParquetFile(path).iter_batches(1 << 18)
    )
    place = maps.neuron_map if table == "neuron_map" else maps.prompt_map
    found = place(peaks, *shape, seed=plan.settings.seed, progress=progress)
    if table == "neuron_map":
        rows = maps.neuron_table(found, atlas["n_layers"], atlas["n_neurons"])
    else:
        rows = maps.prompt_table(found)
    plan.write(table, rows)
    return found.quality
