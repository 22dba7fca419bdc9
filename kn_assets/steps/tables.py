"""The tables of a model's training, made from the atlases of its steps that are in the lake.

They lie in the partition of the model without its step: `model=geo-gpt2` beside
`model=geo-gpt2@step1400`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kn_assets import lake as lakes
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.errors import KnError
from kn_assets.knowledge.questions import ask
from kn_assets.lake import Lake, Partition
from kn_assets.models import source as sources
from kn_assets.progress import Progress
from kn_assets.steps import training
from kn_assets.steps.facts import fact_lens, fact_steps
from kn_assets.steps.maps import neuron_map_steps
from kn_assets.steps.neurons import ALIVE, layer_steps, neuron_steps
from kn_assets.training.checkpoints import step_of

# Raised when the same atlases would give other tables, so that older ones are made again.
VERSION = 2
_NEEDED = ("atlases", "neurons", "neuron_top", "neuron_peaks", "tokens")


def atlases(lake: Lake, name: str) -> dict[int, Partition]:
    """Step -> atlas, in order, of the model whose key without step is `name`.

    Atlases that lack a table are left out: they are still being made. Raises KnError for fewer than
    two, and where they aren't all of the same prompts.
    """
    found: dict[int, Partition] = {}
    for partition in lake.partitions("model"):
        step = step_of(partition.key)
        mine = partition.key.partition("@")[0] == name
        if mine and step is not None and all(lake.meta(partition, t) for t in _NEEDED):
            found[step] = partition
    if len(found) < 2:
        raise KnError(
            f"{name} has {len(found)} atlases of training steps; two at least are needed: `kn run "
            "--model NAME --steps-of all` makes them"
        )
    told = {step: _prompts(lake, partition) for step, partition in found.items()}
    if len(set(told.values())) > 1:
        raise KnError(
            f"the atlases of {name} are of different prompts "
            f"({'; '.join(f'step {s}: {n} of {c}' for s, (c, n) in sorted(told.items()))}): make "
            "them all with the same --corpus, --limit and --tokens"
        )
    return dict(sorted(found.items()))


def write(
    lake: Lake,
    name: str,
    floor: float = ALIVE,
    seed: int = 0,
    maps: bool = True,
    progress: Progress | None = None,
) -> list[str]:
    """Make what is stale of the tables of a model's training; returns their names.

    `fact_steps` is made where every atlas has a `fact_lens`, `training_log` where the model was
    trained here; `maps` says whether `neuron_map_steps` is wanted, which takes a t-SNE for each
    step. An atlas without a `neuron_map` gets its part of that. Raises KnError like `atlases`.
    """
    progress = progress or Progress()
    found = atlases(lake, name)
    here = lakes.model(name)
    made: list[str] = []

    def stale(table: str, source: str, *settings: object) -> str | None:
        """The fingerprint to write with, None where the table is current."""
        told = {step: lake.meta(p, source) for step, p in found.items()}
        of = {step: (meta or {}).get("fingerprint") for step, meta in told.items()}
        fingerprint = _hash(table, of, *settings)
        return None if lake.is_current(here, table, fingerprint) else fingerprint

    neurons, layers = (stale(t, "neurons", floor) for t in ("neuron_steps", "layer_steps"))
    if neurons or layers:
        table = neuron_steps(
            {step: lake.read(p, "neurons") for step, p in found.items()},
            {step: lake.read(p, "neuron_top") for step, p in found.items()},
            floor,
        )
        if neurons:
            lake.write(here, "neuron_steps", table, neurons, floor=floor)
            made.append("neuron_steps")
        if layers:
            lake.write(here, "layer_steps", layer_steps(table), layers, floor=floor)
            made.append("layer_steps")
    noted = training.log(lake, name)
    if noted is not None:
        own = _hash("training_log", noted.to_pylist())
        if not lake.is_current(here, "training_log", own):
            lake.write(here, "training_log", noted, own)
            made.append("training_log")
    lacking = [step for step, p in found.items() if lake.meta(p, "fact_lens") is None]
    if not lacking:
        fingerprint = stale("fact_steps", "fact_lens")
        if fingerprint:
            lenses = {step: lake.read(p, "fact_lens") for step, p in found.items()}
            taught = training.taught(lake, name, _corpus(lake, found))
            lake.write(here, "fact_steps", fact_steps(lenses, taught), fingerprint)
            made.append("fact_steps")
    else:
        progress.say(f"no fact_steps: step {', '.join(map(str, lacking))} has no fact_lens yet")
    fingerprint = stale("neuron_map_steps", "neuron_peaks", seed) if maps else None
    if fingerprint:
        lake.write(here, "neuron_map_steps", _maps(lake, found, seed, progress), fingerprint)
        made.append("neuron_map_steps")
    if maps:
        _own_maps(lake, here, found)
    return made


def write_lens(
    plan: AtlasPlan, fact_ids: Collection[int] | None = None, progress: Progress | None = None
) -> bool:
    """Make `fact_lens` of one atlas' model, where it is stale; True where it was made.

    Reads the corpus' `facts` and `fact_prompts` from the lake, and asks those of `fact_ids`, all by
    default; in float32 whatever the atlas' dtype, as `fact_answers`. Raises KnError where tables
    or model can't be had, or no fact can be asked.
    """
    from kn_assets.models.load import load

    lake, progress = plan.lake, progress or Progress()
    facts = lake.read(plan.corpus, "facts")
    prompts = lake.read(plan.corpus, "fact_prompts")
    ids = None if fact_ids is None else sorted(fact_ids)
    noted = [
        (lake.meta(plan.corpus, t) or {}).get("fingerprint") for t in ("facts", "fact_prompts")
    ]
    fingerprint = _hash("fact_lens", sources.fingerprint(plan.source, lake), noted, ids)
    if lake.is_current(plan.model, "fact_lens", fingerprint):
        return False
    loaded = load(plan.source, lake, "float32", progress=progress)
    asked = ask(loaded.tokenizer, facts, prompts, ids, loaded.parts.context).asked
    lake.write(plan.model, "fact_lens", fact_lens(loaded, asked, progress), fingerprint)
    return True


def _maps(
    lake: Lake, found: dict[int, Partition], seed: int, progress: Progress
) -> Iterator[pa.Table]:
    about = lake.read(next(iter(found.values())), "atlases").to_pylist()[0]

    def peaks(step: int) -> Iterator[pa.RecordBatch]:
        """A step's peaks with prompts counted from 0: ids have gaps where a text gave no token."""
        ids = np.unique(lake.read(found[step], "tokens", ["prompt_id"])["prompt_id"].to_numpy())
        for path in lake.files(found[step], "neuron_peaks"):
            for batch in pq.ParquetFile(path).iter_batches(1 << 18):
                at = batch.schema.get_field_index("prompt_id")
                counted = np.searchsorted(ids, batch.column(at).to_numpy())
                yield batch.set_column(at, "prompt_id", pa.array(counted, pa.int32()))

    shape = (about["n_layers"], about["n_neurons"], about["n_prompts"])
    return neuron_map_steps(list(found), peaks, *shape, seed=seed, progress=progress)


def _own_maps(lake: Lake, here: Partition, found: dict[int, Partition]) -> None:
    """`neuron_map` of each atlas that has none of its own run, out of `neuron_map_steps`."""
    made_of = (lake.meta(here, "neuron_map_steps") or {})["fingerprint"]
    whole: pa.Table | None = None
    for step, partition in found.items():
        run = (lake.meta(partition, "neurons") or {})["fingerprint"]
        there = lake.meta(partition, "neuron_map") or {}
        if there.get("fingerprint") == run and there.get("part_of", made_of) == made_of:
            continue  # its own, or its part of these
        if whole is None:
            whole = lake.read(here, "neuron_map_steps")
        mine = whole.filter(pc.equal(whole["step"], step)).drop_columns(["step"])
        lake.write(partition, "neuron_map", mine, run, part_of=made_of)


def _corpus(lake: Lake, found: dict[int, Partition]) -> Partition:
    return lakes.corpus(_prompts(lake, next(iter(found.values())))[0])


def _hash(*told: object) -> str:
    return hashlib.sha256(json.dumps([VERSION, *told]).encode()).hexdigest()[:16]


def _prompts(lake: Lake, partition: Partition) -> tuple[str, int]:
    row = lake.read(partition, "atlases", ["corpus", "n_prompts"]).to_pylist()[0]
    return row["corpus"], row["n_prompts"]
