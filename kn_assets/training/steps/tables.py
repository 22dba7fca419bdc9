"""The tables of a model's training, made from the atlases of its steps that are in the lake.

They lie in the partition of the model without its step: `model=geo-gpt2` beside
`model=geo-gpt2@step1400`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kn_assets import lake as lakes
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.lake import plan as plans
from kn_assets.lake.lake import FAILED_CHECKS
from kn_assets.lake.plan import Figures, Note, Plan
from kn_assets.lake.schema import ALL
from kn_assets.maps.tables import VERSIONS
from kn_assets.progress import Progress
from kn_assets.training.steps import log as training
from kn_assets.training.steps.atlases import atlases_of, prompts_of
from kn_assets.training.steps.facts import fact_steps
from kn_assets.training.steps.identity import identity
from kn_assets.training.steps.maps import neuron_map_steps
from kn_assets.training.steps.neurons import ALIVE, layer_steps, neuron_steps

OVER_STEPS = ("neuron_steps", "layer_steps", "training_log", "fact_steps", "neuron_map_steps")
"""The tables over all steps, in an order in which they can be made."""

_MADE_OF = {
    "neuron_steps": "neurons",
    "layer_steps": "neurons",
    "fact_steps": "fact_lens",
    "neuron_map_steps": "neuron_peaks",
}


@dataclass(frozen=True)
class StepsPlan(Plan):
    """The tables over the steps of the model whose key without step is `name`.

    floor: the firing rate from which a neuron is alive. seed: of the maps. Cheap: reads no table
    before it is asked to.
    """

    lake: Lake
    name: str
    floor: float = ALIVE
    seed: int = 0

    tables: ClassVar[tuple[str, ...]] = OVER_STEPS
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {
        "neuron_steps": ("atlases", "neurons", "neuron_top"),
        "layer_steps": ("neuron_steps",),
        "fact_steps": ("atlases", "fact_lens", "facts", "fact_prompts"),
        "neuron_map_steps": ("atlases", "tokens", "neuron_peaks"),
    }

    @property
    def partition(self) -> Partition:
        return self.model

    @property
    def model(self) -> Partition:
        """The partition of the tables."""
        return lakes.model(self.name)

    @cached_property
    def atlases(self) -> dict[int, Partition]:
        """Step -> atlas, in order.

        Atlases that lack a table are left out: they are still being made. So are those that `axis`
        leaves out. Raises KnError for fewer than two, and where their prompts aren't the same.
        """
        return atlases_of(self.lake, self.name)

    def places(self, name: str) -> list[Partition]:
        if name in self.tables:
            return [self.model]
        atlases = list(self.atlases.values())
        if ALL[name].kind == "model":
            return atlases
        return [lakes.corpus(prompts_of(self.lake, atlases[0])[0])]

    # -- what is there --------------------------------------------------------------------------

    def lacking(self, table: str) -> str | None:
        """What keeps a table from being made, in words; None where nothing does.

        Raises KnError like `atlases`, but for `training_log`, which needs none.
        """
        if table == "training_log":
            lost = training.log(self.lake, self.name) is None
            return f"{self.name} wasn't trained in this lake" if lost else None
        if table == "fact_steps" and not self._lenses():
            return "no step has a fact_lens yet"
        return None

    def without_lens(self) -> str:
        """The steps that `fact_steps` is made without, in words; empty where it has all."""
        lenses = self._lenses()
        without = [str(step) for step in self.atlases if step not in lenses]
        return f"step {', '.join(without)}, which has no fact_lens" if without else ""

    def _lenses(self) -> dict[int, Partition]:
        """Step -> atlas, of the steps whose lens of facts is made and passed its checks."""
        return {s: p for s, p in self.atlases.items() if plans.is_made(self.lake, p, "fact_lens")}

    def sharers(self) -> list[Partition]:
        """The atlases that have no `neuron_map` of their own run: theirs is their part of
        `neuron_map_steps`.
        """
        found = []
        for partition in self.atlases.values():
            there = self.lake.meta(partition, "neuron_map") or {}
            if "part_of" in there or there.get("fingerprint") != self._run(partition):
                found.append(partition)
        return found

    # -- making ---------------------------------------------------------------------------------

    def make(self, tables: Collection[str], progress: Progress) -> Figures:
        """Make some of the tables, replacing them; with `neuron_map_steps` the maps of `sharers`.

        Raises KnError like `atlases`, and where a table lacks something.
        """
        wanted = [t for t in self.tables if t in tables]
        for table in wanted:
            if word := self.lacking(table):
                raise KnError(f"no {table} of {self.name}: {word}")
            plans.write(self, table, self._rows(table, progress))
        return {t: {"steps": list(self.atlases)} for t in wanted if t != "training_log"}

    def notes(self, table: str) -> dict[str, Any]:
        return {"floor": self.floor} if table in ("neuron_steps", "layer_steps") else {}

    def _rows(self, table: str, progress: Progress) -> pa.Table | Iterator[pa.Table]:
        if table == "neuron_steps":
            return neuron_steps(self._read("neurons"), self._read("neuron_top"), self.floor)
        if table == "layer_steps":
            if not plans.is_current(self, "neuron_steps"):
                raise KnError(
                    f"neuron_steps of {self.name} is of other atlases than there are now: make it "
                    "before layer_steps"
                )
            return layer_steps(self.lake.read(self.model, "neuron_steps"))
        if table == "fact_steps":
            corpus, _ = prompts_of(self.lake, next(iter(self.atlases.values())))
            trained = training.trained_prompts(self.lake, self.name, lakes.corpus(corpus))
            lenses = {s: self.lake.read(p, "fact_lens") for s, p in self._lenses().items()}
            return fact_steps(lenses, trained)
        if table == "neuron_map_steps":
            return self._maps(progress)
        log = training.log(self.lake, self.name)
        assert log is not None
        return log

    def _maps(self, progress: Progress) -> Iterator[pa.Table]:
        """Places by step. Each atlas' own part is written before the whole is, so that where the
        whole is there, none was forgotten by a killed run, and where it isn't, a run goes on at the
        step it was at.
        """
        first = next(iter(self.atlases.values()))
        about = self.lake.read(first, "atlases").to_pylist()[0]
        shape = (about["n_layers"], about["n_neurons"], about["n_prompts"])
        made_of, sharers = self.fingerprint("neuron_map_steps"), self.sharers()
        there = set()
        whole = self.lake.meta(self.model, "neuron_map_steps") or {}
        if whole.get("fingerprint") != made_of:
            there = {p for p in sharers if self._is_part(p, made_of)}
        if there:
            progress.say(f"maps of {len(there)} of {len(self.atlases)} steps are there, going on")

        def kept(step: int) -> pa.Table | None:
            partition = self.atlases[step]
            return self.lake.read(partition, "neuron_map") if partition in there else None

        placed = neuron_map_steps(
            list(self.atlases), self._peaks, *shape, seed=self.seed, progress=progress, kept=kept
        )
        for partition, places in zip(self.atlases.values(), placed, strict=True):
            if partition in sharers and partition not in there:
                mine = places.drop_columns(["step"])
                run = self._run(partition)
                # Its rows are checked as the whole's.
                notes = {"part_of": made_of, "version": VERSIONS["neuron_map"], FAILED_CHECKS: []}
                self.lake.write(partition, "neuron_map", mine, str(run), **notes)
            yield places

    def _peaks(self, step: int) -> Iterator[pa.RecordBatch]:
        """A step's peaks with prompts counted from 0: ids have gaps where a text gave no token."""
        partition = self.atlases[step]
        tokens = self.lake.read(partition, "tokens", ["prompt_id"])
        ids = np.unique(tokens["prompt_id"].to_numpy())
        for path in self.lake.files(partition, "neuron_peaks"):
            for batch in pq.ParquetFile(path).iter_batches(1 << 18):
                at = batch.schema.get_field_index("prompt_id")
                counted = np.searchsorted(ids, batch.column(at).to_numpy())
                yield batch.set_column(at, "prompt_id", pa.array(counted, pa.int32()))

    # -- what it is made of ---------------------------------------------------------------------

    def fits(self, table: str, note: Note) -> bool:
        if table == "neuron_map_steps":
            made_of = self.fingerprint(table)
            return note["fingerprint"] == made_of and all(
                self._is_part(p, made_of) for p in self.sharers()
            )
        return super().fits(table, note)

    def _is_part(self, partition: Partition, made_of: str) -> bool:
        """Whether an atlas' `neuron_map` is its part of the `neuron_map_steps` made of that."""
        part = self.lake.meta(partition, "neuron_map") or {}
        of_run = part.get("fingerprint") == self._run(partition)
        return of_run and part.get("part_of") == made_of

    def fingerprint(self, table: str) -> str:
        if table == "training_log":
            log = training.log(self.lake, self.name)
            return identity(table, log.to_pylist() if log is not None else None)
        made_of = self._lenses() if table == "fact_steps" else self.atlases
        of = {
            step: (self.lake.meta(p, _MADE_OF[table]) or {}).get("fingerprint")
            for step, p in made_of.items()
        }
        of_maps = (self.seed, VERSIONS["neuron_map"])
        settings = {"fact_steps": (), "neuron_map_steps": of_maps}.get(table, (self.floor,))
        return identity(table, of, *settings)

    def _read(self, table: str) -> dict[int, pa.Table]:
        return {step: self.lake.read(p, table) for step, p in self.atlases.items()}

    def _run(self, partition: Partition) -> str | None:
        return (self.lake.meta(partition, "neurons") or {}).get("fingerprint")
