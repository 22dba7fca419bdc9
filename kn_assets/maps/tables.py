"""Maps of an atlas: its peaks read from the lake, placed in the plane, written back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kn_assets.atlas.plan import AtlasPlan, OnAtlas
from kn_assets.lake import plan as plans
from kn_assets.lake.plan import Figures, Note
from kn_assets.lake.schema import TABLES
from kn_assets.maps import projection
from kn_assets.maps.labels import labels
from kn_assets.progress import Progress

# Raised when the same atlas would give other maps, so that older ones are made again.
VERSIONS = {"neuron_map": 3, "prompt_map": 2, "map_clusters": 5}


@dataclass(frozen=True)
class MapsPlan(OnAtlas):
    """The maps of an atlas and their labelled clusters."""

    tables: ClassVar[tuple[str, ...]] = tuple(VERSIONS)
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {
        "neuron_map": ("atlases", "neuron_peaks", "tokens"),
        "prompt_map": ("atlases", "neuron_peaks", "tokens"),
        "map_clusters": (
            "atlases",
            "neuron_map",
            "prompt_map",
            "neuron_top",
            "neuron_vocabulary",
            "tokens",
        ),
    }

    def fingerprint(self, table: str) -> str:
        return self.atlas.identity

    def notes(self, table: str) -> dict[str, Any]:
        return {"version": VERSIONS[table]}

    def fits(self, table: str, note: Note) -> bool:
        return note.get("version", 1) == VERSIONS[table] and super().fits(table, note)

    def make(self, tables: Collection[str], progress: Progress) -> Figures:
        figures: Figures = {}
        for table in ("neuron_map", "prompt_map"):
            if table in tables:
                figures[table] = dict(write_map(self.atlas, table, progress))
        if "map_clusters" in tables:
            write_clusters(self.atlas)
        return figures


def write_map(plan: AtlasPlan, table: str, progress: Progress) -> dict[str, float]:
    """Make `neuron_map` or `prompt_map`, replacing it; returns the map's quality.

    Raises KnError where the atlas or its peaks aren't there.
    """
    plan.check_same()
    atlas = plan.lake.read(plan.model, "atlases").to_pylist()[0]
    shape = (atlas["n_layers"], atlas["n_neurons"], atlas["n_prompts"])
    prompt_ids = np.unique(plan.lake.read(plan.model, "tokens", ["prompt_id"])["prompt_id"])
    peaks = (
        _numbered(batch, prompt_ids)
        for path in plan.lake.files(plan.model, "neuron_peaks")
        for batch in pq.ParquetFile(path).iter_batches(1 << 18)
    )
    place = projection.neuron_map if table == "neuron_map" else projection.prompt_map
    found = place(peaks, *shape, seed=plan.settings.seed, progress=progress)
    if table == "neuron_map":
        rows = projection.neuron_table(found, atlas["n_layers"], atlas["n_neurons"])
    else:
        rows = projection.prompt_table(found).set_column(
            0, TABLES["prompt_map"].schema.field("prompt_id"), pa.array(prompt_ids, pa.int32())
        )
    plans.write(MapsPlan(plan), table, rows)
    return found.quality


def write_clusters(plan: AtlasPlan) -> int:
    """Make `map_clusters` out of both maps, replacing it; returns the number of clusters.

    Raises KnError where the maps, or what the labels are made of, aren't there.
    """
    plan.check_same()

    def read(table: str, *columns: str) -> pa.Table:
        return plan.lake.read(plan.model, table, list(columns) or None)

    cities = _cities(plan)
    tokens = read("tokens", "prompt_id", "token")
    neurons = labels.neuron_clusters(
        read("neuron_map"),
        read("neuron_top", "layer", "neuron", "prompt_id", "position", "activation"),
        read("neuron_vocabulary", "layer", "neuron", "sign", "token", "score"),
        tokens,
        cities,
    )
    prompts = labels.prompt_clusters(read("prompt_map"), tokens, cities)
    return plans.write(MapsPlan(plan), "map_clusters", pa.concat_tables([neurons, prompts]))


def _cities(plan: AtlasPlan) -> dict[int, labels.City]:
    """The city of each of the corpus' prompts, where it has one."""
    prompts = plan.lake.read(plan.corpus, "prompts", ["prompt_id", "city_id"]).to_pydict()
    cities = plan.lake.read(plan.corpus, "cities", ["city_id", "name", "country"]).to_pydict()
    named = map(labels.City, cities["name"], cities["country"])
    known = dict(zip(cities["city_id"], named, strict=True))
    pairs = zip(prompts["prompt_id"], prompts["city_id"], strict=True)
    return {prompt: city for prompt, of in pairs if (city := known.get(of))}


def _numbered(batch: pa.RecordBatch, prompt_ids: np.ndarray) -> pa.RecordBatch:
    """With prompts counted from 0: ids have gaps where a text gave no token."""
    at = batch.schema.get_field_index("prompt_id")
    counted = np.searchsorted(prompt_ids, batch.column(at).to_numpy())
    return batch.set_column(at, "prompt_id", pa.array(counted, pa.int32()))
