"""A shard: some prompts in, files out. The unit that a killed run resumes at.

A shard is pure and idempotent: what it writes depends on its `Job` alone, it knows neither its
place in the run nor the machine it runs on, and its folder appears under its name only when it is
whole.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa

from kn_assets.atlas.activations.fired import Fired
from kn_assets.atlas.activations.numbers import refuse_norms
from kn_assets.atlas.activations.sinks import Norms, are_sinks, sink_norms
from kn_assets.atlas.activations.thresholds import Calibration
from kn_assets.atlas.forward.batches import Batch, batches, tokens_per_batch
from kn_assets.atlas.forward.capture import capturing, device_of, forward
from kn_assets.atlas.forward.streams import in_streams
from kn_assets.atlas.forward.tokens import TokenizedPrompts
from kn_assets.atlas.lens.rows import LensRows
from kn_assets.atlas.needs import ATTENTION, FIRED, LENS, SINKS
from kn_assets.lake.parquet import TableFile
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Bar

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.load import LoadedModel

SINKS_FILE = "sinks.npy"
_GRID = np.float32(1 << 16)  # attention is kept to 2 ** -17: a mean over heads in two bytes


@dataclass(frozen=True)
class Job:
    """What a shard works on.

    wants: some of `fired`, `lens`, `attention`, `sinks`; calibration: needed for `fired` and
    `sinks`.
    """

    prompts: TokenizedPrompts
    wants: frozenset[str]
    calibration: Calibration | None
    top_k: int
    vocabulary: list[str]


def run_shard(loaded: LoadedModel, job: Job, folder: Path, bar: Bar, pool: Executor) -> None:
    """Run the model over the job's prompts and write the shard's folder, unless it is there.

    `pool` lends threads for what is done once the model has run.
    """
    if folder.exists():
        bar.advance(len(job.prompts))
        return
    fresh = folder.with_name(f".new-{folder.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    harvest, device = _Harvest(loaded, job, pool), device_of(loaded)
    parts = loaded.parts
    weight = cast("Tensor", parts.unembedding.weight)
    bytes_of_token = parts.n_layers * parts.n_neurons * weight.element_size()
    with harvest.capturing():
        for n_prompts in in_streams(
            harvest.run, batches(job.prompts, tokens_per_batch(device, bytes_of_token)), device
        ):
            bar.advance(n_prompts)
    harvest.write(fresh)
    fresh.rename(folder)


class _Harvest:
    """What is kept of the shard's batches until they are written.

    Batches may run in several threads at once, each through the same hooks. Whether a token is an
    attention sink shows after the last block, and sinks count in no statistic: so a batch's
    activations are held until it has run.
    """

    def __init__(self, loaded: LoadedModel, job: Job, pool: Executor) -> None:
        self.loaded, self.job, self.parts = loaded, job, loaded.parts
        self.fired: Fired | None = None
        if FIRED in job.wants:
            assert job.calibration is not None
            self.fired = Fired(loaded, job.calibration, job.top_k, pool)
        self.sinks = np.zeros(len(job.prompts.ids), bool)
        self.of_thread = threading.local()
        self.lens = LensRows(job.prompts, self.parts.n_layers) if LENS in job.wants else None
        self.attention: dict[int, np.ndarray] = {}  # prompt's first token -> [layers, T, T]

    def capturing(self) -> AbstractContextManager[None]:
        """While open, what is wanted of each batch that runs is kept."""
        return capturing(
            self.parts,
            activations=self._take_activations if self.fired else None,
            residuals=self._take_residuals,
            attention=self._take_attention if ATTENTION in self.job.wants else None,
        )

    def run(self, batch: Batch) -> int:
        """Run the model over a batch; returns its number of prompts."""
        import torch

        self.of_thread.batch = batch
        self.of_thread.norms, self.of_thread.activations = Norms(), []
        with torch.inference_mode():
            forward(self.loaded, batch.ids)
            self._settle(batch, self.of_thread.norms.found(), self.of_thread.activations)
        return batch.n_prompts

    def _settle(self, batch: Batch, norms: np.ndarray, activations: list[Tensor]) -> None:
        """Take a batch's activations, now that all of its norms are known."""
        real = batch.index.reshape(-1) >= 0
        refuse_norms(norms, real, activations)
        if self.job.calibration is None:
            return
        sinks = are_sinks(norms, sink_norms(self.job.calibration.norms))
        self.sinks[batch.tokens[real]] = sinks[real]
        if self.fired:
            self.fired.take(batch.with_sinks(sinks), activations)

    def _take_activations(self, _layer: int, activations: Tensor) -> None:
        self.of_thread.activations.append(activations)

    def _take_residuals(self, layer: int, residuals: Tensor) -> None:
        self.of_thread.norms.take(residuals)
        if self.lens:
            self.lens.take(self.parts, layer, residuals, self.of_thread.batch.index)

    def _take_attention(self, layer: int, weights: Tensor) -> None:
        mean = weights.float().mean(1).cpu().numpy()
        codes = np.rint(mean * _GRID).clip(0, 65535).astype(np.uint16)
        for row, index in enumerate(self.of_thread.batch.index):
            length = int((index >= 0).sum())
            if layer == 0:
                shape = (self.parts.n_layers, length, length)
                self.attention[int(index[0])] = np.zeros(shape, np.uint16)
            self.attention[int(index[0])][layer] = codes[row, :length, :length]

    # -- files ----------------------------------------------------------------------------------

    def write(self, folder: Path) -> None:
        if self.fired:
            self.fired.write(folder, self.job.prompts, self.sinks)
        if SINKS in self.job.wants:
            np.save(folder / SINKS_FILE, self.sinks)
        if self.lens:
            _write(folder / "lens.parquet", "logit_lens", [self.lens.table(self.job.vocabulary)])
        if ATTENTION in self.job.wants:
            tables = (self._attention_table(i) for i in range(len(self.job.prompts)))
            _write(folder / "attention.parquet", "attention", tables)

    def _attention_table(self, prompt: int) -> pa.Table:
        weights = self.attention[int(self.job.prompts.starts[prompt])]
        n_layers, length, _ = weights.shape
        position, source = np.tril_indices(length)
        columns = [
            np.full(n_layers * len(position), self.job.prompts.prompt_ids[prompt], np.int32),
            np.repeat(np.arange(n_layers, dtype=np.int16), len(position)),
            np.tile(position.astype(np.int16), n_layers),
            np.tile(source.astype(np.int16), n_layers),
            weights[:, position, source].ravel().astype(np.float32) / _GRID,
        ]
        return pa.table(columns, schema=TABLES["attention"].schema)


def _write(path: Path, table: str, pieces: Iterable[pa.Table]) -> None:
    with TableFile(path, table) as file:
        for rows in pieces:
            file.write(rows)
