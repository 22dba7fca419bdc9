"""The made-up atlases that are asked, and their rows once more in no order.

They have the embedded model's shape: 30 layers of 1,536 neurons, 30 tokens a prompt, one value in a
hundred fires.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from kn_assets import lake as lakes
from kn_assets.lake import Lake
from kn_assets.lake.parquet import TableFile
from kn_assets.lake.schema import TABLES
from kn_assets.synthetic import FINGERPRINT, make_lake
from kn_assets.synthetic.large import make_large_lake

MODEL = "bench"
LAYERS, NEURONS, TOKENS, DENSITY = 30, 1_536, 30, 0.01
LARGE = 20_000_000
"""Rows from which an atlas has tables for look-ups alone, and no copy in no order."""


def atlas(place: Path, rows: int) -> Lake:
    """The made-up atlas at `place`, made where it isn't there yet."""
    lake = Lake(place / "sorted")
    if lake.meta(lakes.model(MODEL), "atlases") is None:  # the table that is written last
        make = make_large_lake if rows > LARGE else make_lake
        make(
            lake.root,
            model=MODEL,
            n_prompts=max(2, round(rows / (LAYERS * NEURONS * TOKENS * DENSITY))),
            n_layers=LAYERS,
            n_neurons=NEURONS,
            n_tokens=TOKENS,
            n_vocabulary=5_000,
            density=DENSITY,
            top=20,
            bfloat16=True,
        )
    return lake


def unsorted(lake: Lake, root: Path) -> Lake:
    """The same atlas with both tables of activations as one file in no order."""
    import duckdb

    plain = Lake(root)
    where = lakes.model(MODEL)
    mixed = ("activations", "activations_by_neuron")
    if plain.meta(where, mixed[1]) is not None:
        return plain
    shutil.copytree(
        lake.root,
        plain.root,
        copy_function=os.link,
        ignore=shutil.ignore_patterns(*mixed, "kn.duckdb"),
        dirs_exist_ok=True,
    )
    for name in mixed:
        columns = ", ".join(TABLES[name].names)
        with (
            duckdb.connect() as connection,
            plain.replacing(where, name, FINGERPRINT) as folder,
            TableFile(folder / "part-0.parquet", name) as file,
        ):
            reader = connection.sql(
                f"SELECT {columns} FROM read_parquet(?, hive_partitioning = false) "
                "ORDER BY hash(prompt_id, position, layer, neuron)",
                params=[str(lake.table(where, "activations") / "*.parquet")],
            ).to_arrow_reader()
            for batch in reader:
                file.write(batch)
    return plain
