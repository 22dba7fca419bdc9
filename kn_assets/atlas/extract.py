"""The run that makes an atlas: shards over the prompts, then tables out of the shards.

Which tables are wanted decides what the one forward pass keeps. A killed run resumes at the shard
it was in, and with the tables that weren't in place yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import Executor
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kn_assets.atlas import lazy_lens
from kn_assets.atlas.activations.merge import link_parts, merge_by_neuron
from kn_assets.atlas.activations.packed import MANTISSA
from kn_assets.atlas.activations.sinks import FACTOR
from kn_assets.atlas.activations.sums import NeuronSums
from kn_assets.atlas.activations.thresholds import Calibration, calibrate
from kn_assets.atlas.forward.tokens import TokenizedPrompts, token_tables, vocabulary
from kn_assets.atlas.forward.vocabulary import neuron_vocabulary
from kn_assets.atlas.loaded import load_model, tokenized
from kn_assets.atlas.needs import FIRED, LENS, NEEDS, SINKS
from kn_assets.atlas.shard import SINKS_FILE, Job, run_shard
from kn_assets.atlas.work import Work
from kn_assets.atlas.workers import workers
from kn_assets.lake import plan as plans
from kn_assets.lake import said_plainly
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.atlas.plan import AtlasPlan
    from kn_assets.models.load import LoadedModel

__all__ = ["NEEDS", "extract", "one_pass", "shard_ranges", "tidy", "write_vocabulary"]

SHARD_PROMPTS = 1024
_SHARD_TOKENS = 1 << 15  # fewer than the 1 << 16 that a shard can number
_SHARD_ROWS = 1 << 24  # fired neurons held by one shard, in 8 bytes each
_SHARD_ATTENTION = 1 << 29  # bytes of attention held by one shard
_UNKNOWN_DENSITY = 0.05  # taken for what a threshold gives


def extract(
    plan: AtlasPlan,
    tables: Iterable[str],
    progress: Progress,
    loaded: LoadedModel | None = None,
) -> dict[str, int]:
    """Make some of the tables in `NEEDS`, replacing them; returns their numbers of rows.

    loaded: the plan's model, where it is in memory already.
    Raises KnError where the model or the prompts can't be had, or the disk is full.
    """
    wanted = [t for t in NEEDS if t in set(tables)]
    if "atlases" not in wanted:
        plan.check_same()
    wants = frozenset(need for t in wanted if (need := NEEDS[t]))
    loaded = loaded or load_model(plan, progress, plan.device)
    prompts = tokenized(plan, loaded.tokenizer, loaded.parts.context)
    with said_plainly(plan.lake.root), workers() as pool:
        return _Extraction(plan, loaded, prompts, wants, progress, pool).make(wanted)


def one_pass(plan: AtlasPlan, tables: Iterable[str], progress: Progress) -> None:
    """Make tables as `extract` does, with the lens now or later as the plan's settings say."""
    wanted = set(tables)
    later = wanted & {lazy_lens.TABLE} if plan.settings.lens == "lazy" else set()
    if wanted - later:
        extract(plan, wanted - later, progress)
    if later:
        lazy_lens.begin(plan)


def tidy(plan: AtlasPlan) -> None:
    """Throw away shards that no table needs: a run was killed right before it did."""
    for found in plan.lake.folder(plan.model).glob(".work-extract-*"):
        Work(found).finish(frozenset(), _needed(plan))


def _needed(plan: AtlasPlan) -> frozenset[str]:
    return frozenset(need for t, need in NEEDS.items() if need and not plans.is_written(plan, t))


class _Extraction:
    """One run's state: where its shards are, and what they are made with."""

    def __init__(
        self,
        plan: AtlasPlan,
        loaded: LoadedModel,
        prompts: TokenizedPrompts,
        wants: frozenset[str],
        progress: Progress,
        pool: Executor,
    ) -> None:
        self.pool = pool
        self.plan, self.loaded, self.prompts = plan, loaded, prompts
        self.wants, self.progress = wants, progress
        self.work = Work.of(plan)

    def make(self, wanted: list[str]) -> dict[str, int]:
        self.calibration: Calibration | None = None
        if "thresholds" in wanted or {FIRED, SINKS} & self.wants:
            self.calibration = self._calibrated()
        self.shards = self._run_shards() if self.wants else []
        rows = {}
        for table in wanted:
            if table not in rows:
                rows.update(self._write(table, wanted))
        self.work.finish(self.wants, _needed(self.plan))
        return rows

    def _calibrated(self) -> Calibration:
        """Found once: shards of a run that was killed and goes on elsewhere agree."""
        kept, settings = self.work.root / "calibration.npz", self.plan.settings
        if kept.exists():
            return Calibration.read(kept, settings)
        self.progress.say("calibrating thresholds and ordinary norms of each layer")
        found = calibrate(self.loaded, self.prompts, settings, self.pool)
        found.save(kept)
        return found

    def _run_shards(self) -> list[Path]:
        words = []
        if LENS in self.wants:
            words = vocabulary(self.loaded.tokenizer, self.loaded.parts.vocab_size)
        ranges = shard_ranges(
            self.prompts.lengths, self._tokens_of_shard(), self.loaded.parts.n_layers
        )
        folders = self.work.shards(self.wants, len(ranges))
        with self.progress.bar("model", len(self.prompts), "prompts") as bar:
            for folder, (first, last) in zip(folders, ranges, strict=True):
                self.plan.lake.check_room()
                job = Job(
                    self.prompts.slice(first, last),
                    self.wants,
                    self.calibration,
                    self.plan.settings.top_k,
                    words,
                )
                run_shard(self.loaded, job, folder, bar, self.pool)
        return folders

    def _tokens_of_shard(self) -> int:
        """How many tokens' fired neurons are held at once, by the settings alone."""
        settings, parts = self.plan.settings, self.loaded.parts
        density = _UNKNOWN_DENSITY if settings.threshold is not None else settings.density
        rows = parts.n_layers * parts.n_neurons * density
        return min(_SHARD_TOKENS, int(_SHARD_ROWS / rows))

    def _write(self, table: str, wanted: list[str]) -> dict[str, int]:
        """Write a table, together with those that come out of the same reading."""
        by_neuron = ("activations_by_neuron", "neuron_peaks")
        linked = {"activations": "fired", "logit_lens": "lens", "attention": "attention"}
        if table in by_neuron:
            return self._merge([t for t in by_neuron if t in wanted])
        if table in linked:
            with plans.replacing(self.plan, table) as folder:
                link_parts(self.shards, linked[table], folder)
            return {table: self.plan.rows(table)}
        if table in ("neurons", "neuron_top"):
            self.progress.say(f"writing {table}")
            data = self.sums.neurons() if table == "neurons" else self.sums.tops()
        elif table == "tokens":
            sinks = np.concatenate([np.load(shard / SINKS_FILE) for shard in self.shards])
            tables = token_tables(self.loaded.tokenizer, self.prompts, sinks)
            return {table: plans.write(self.plan, table, tables)}
        elif table == "thresholds":
            assert self.calibration is not None
            data = self.calibration.table()
        else:
            data = self._atlas_row()
        return {table: plans.write(self.plan, table, data)}

    @cached_property
    def sums(self) -> NeuronSums:
        return NeuronSums.over(self.shards)

    def _merge(self, tables: list[str]) -> dict[str, int]:
        parts = self.loaded.parts
        with (
            ExitStack() as stack,
            self.progress.bar("sorting by neuron", parts.n_layers, "layers") as bar,
        ):
            folders = {t: stack.enter_context(plans.replacing(self.plan, t)) for t in tables}
            merge_by_neuron(self.shards, parts.n_layers, parts.n_neurons, folders, bar, self.pool)
        return {t: self.plan.rows(t) for t in tables}

    def _atlas_row(self) -> pa.Table:
        parts = self.loaded.parts
        packages = ("torch", "transformers", "numpy", "pyarrow")
        told = {
            **json.loads(self.plan.kept.to_json()),
            "dtype": self.plan.dtype,
            "device": self.plan.device,
            "mantissa_bits_of_activations": MANTISSA,
            "source": self.plan.kept_source,
            "commit": self.loaded.commit,
            "sink_factor": FACTOR,
        }
        row = {
            "corpus": self.plan.corpus.key,
            "created_at": datetime.now(UTC).replace(microsecond=0),
            "n_prompts": len(self.prompts),
            "n_layers": parts.n_layers,
            "n_neurons": parts.n_neurons,
            "versions": json.dumps({p: version(p) for p in packages}),
            "settings": json.dumps(told),
        }
        return pa.Table.from_pylist([row], schema=TABLES["atlases"].schema)


def shard_ranges(lengths: np.ndarray, most: int, n_layers: int) -> list[tuple[int, int]]:
    """Cut prompts into shards (first, last) of at most `most` tokens and bounded attention.

    A longer prompt is a shard by itself.
    """
    ranges, first, tokens, squares = [], 0, 0, 0
    for i, length in enumerate(lengths.tolist()):
        full = i - first >= SHARD_PROMPTS or tokens + length > most
        too_wide = (squares + length**2) * n_layers * 2 > _SHARD_ATTENTION
        if i > first and (full or too_wide):
            ranges.append((first, i))
            first, tokens, squares = i, 0, 0
        tokens += length
        squares += length**2
    if first < len(lengths):
        ranges.append((first, len(lengths)))
    return ranges


def write_vocabulary(plan: AtlasPlan, progress: Progress) -> int:
    """Make `neuron_vocabulary`, replacing it; returns its number of rows."""
    plan.check_same()
    loaded = load_model(plan, progress)
    words = vocabulary(loaded.tokenizer, loaded.parts.vocab_size)
    tables = neuron_vocabulary(loaded, words, plan.settings.vocabulary_k, progress)
    return plans.write(plan, "neuron_vocabulary", tables)
