"""The table of descriptions of an atlas' neurons: made of its tokens, firings and cities."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.versioned import VersionedOnAtlas
from kn_assets.knowledge.concept_values import Values, values_of
from kn_assets.knowledge.descriptions.table import descriptions
from kn_assets.lake import plan as plans
from kn_assets.lake.plan import Figures
from kn_assets.progress import Progress

DESCRIPTIONS = "neuron_descriptions"

_FIRED = ["layer", "neuron", "prompt_id", "position", "activation"]
_NO_CITY = {"country": None, "continent": None, "is_capital": None, "population": None}


@dataclass(frozen=True)
class DescriptionsPlan(VersionedOnAtlas):
    """When an atlas' neurons fire, in words."""

    version: ClassVar[int] = 1
    tables: ClassVar[tuple[str, ...]] = (DESCRIPTIONS,)
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {
        DESCRIPTIONS: ("atlases", "tokens", "activations_by_neuron")
    }

    def make(self, tables: Collection[str], progress: Progress) -> Figures:
        plan = self.atlas
        plan.check_same()
        (atlas,) = plan.lake.read(plan.model, "atlases").to_pylist()
        tokens = plan.lake.read(
            plan.model, "tokens", ["prompt_id", "position", "token_id", "token", "sink"]
        )
        found = descriptions(
            tokens,
            _values(plan, tokens),
            _layers(plan),
            (atlas["n_layers"], atlas["n_neurons"]),
            plan.settings.seed,
            progress,
        )
        plans.write(self, DESCRIPTIONS, found)
        ruled = len(found) - found["kind"].to_pylist().count("none")
        return {DESCRIPTIONS: {"rules": ruled}}


def _values(plan: AtlasPlan, tokens: pa.Table) -> Values:
    """What is known of each prompt's city, in the order of the prompts' ids."""
    prompts = plan.lake.read(plan.corpus, "prompts", ["prompt_id", "city_id"]).to_pydict()
    city_of = dict(zip(prompts["prompt_id"], prompts["city_id"], strict=True))
    cities = {c["city_id"]: c for c in plan.lake.read(plan.corpus, "cities").to_pylist()}
    ids = np.unique(tokens["prompt_id"].to_numpy()).tolist()
    return values_of([cities.get(city_of.get(p), _NO_CITY) for p in ids])


def _layers(plan: AtlasPlan) -> Iterator[tuple[int, Any, Any, Any, Any]]:
    """The fired neurons of each layer; files are in the order of layers, which may span batches."""
    held: list[pa.RecordBatch] = []
    for path in plan.lake.files(plan.model, "activations_by_neuron"):
        for batch in pq.ParquetFile(path).iter_batches(1 << 18, columns=_FIRED):
            layer = batch.column("layer").to_numpy()
            for part in np.split(np.arange(len(layer)), np.flatnonzero(np.diff(layer)) + 1):
                if not len(part):
                    continue
                if held and held[0].column("layer")[0].as_py() != layer[part[0]]:
                    yield _layer(held)
                    held = []
                held.append(batch.slice(part[0], len(part)))
    if held:
        yield _layer(held)


def _layer(held: list[pa.RecordBatch]) -> tuple[int, Any, Any, Any, Any]:
    rows = pa.Table.from_batches(held)
    sign = np.sign(rows["activation"].to_numpy()).astype(np.int8)
    columns = [rows[name].to_numpy() for name in ("neuron", "prompt_id", "position")]
    return (rows["layer"][0].as_py(), *columns, sign)
