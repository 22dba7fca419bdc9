"""What the peers' scripts share: prompts in, a long table of fired neurons out, rounds on demand.

A script is started with the path of a JSON file:

    model: folder of weights; dtype; projections: names of the modules whose input is the
    activations, a layer each; thresholds: |activation| that fires, a layer each; prompts: an .npz
    of `prompt_ids` and `lengths` (int32 [prompts]) and `ids` (int32 [tokens], prompts end to end)

It answers a line of JSON once it is ready, and another for each line it is given:
`{"out": path, "settings": {...}, "prompts": n}` ->
`{"seconds": wall, "processor_seconds": s, "rows": n}`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

Run = Callable[[Iterator[tuple[torch.Tensor, "Rows"]], dict[str, Any], "Fired"], None]
Write = Callable[[dict[str, np.ndarray], str], None]


class Rows:
    """Where each token of a batch belongs: prompt id and position, and which are real."""

    def __init__(self, prompt_ids: np.ndarray, lengths: np.ndarray) -> None:
        width = int(lengths.max())
        self.prompt = np.repeat(prompt_ids.astype(np.int32), width)
        self.position = np.tile(np.arange(width, dtype=np.int16), len(lengths))
        self.real = self.position < np.repeat(lengths, width)
        self.padded = not self.real.all()


class Fired:
    """Collects the fired neurons of each batch and layer."""

    def __init__(self, thresholds: list[float]) -> None:
        self.thresholds = thresholds
        self.columns: list[list[np.ndarray]] = [[] for _ in range(5)]

    def add(self, layer: int, activations: torch.Tensor, rows: Rows) -> None:
        """activations: [prompts, tokens, neurons] of one layer."""
        row, neuron, value = found(activations, self.thresholds[layer])
        if rows.padded:
            real = rows.real[row]
            row, neuron, value = row[real], neuron[real], value[real]
        columns = (
            rows.prompt[row],
            rows.position[row],
            np.full(len(row), layer, np.int16),
            neuron.astype(np.int32),
            value,
        )
        for kept, column in zip(self.columns, columns, strict=True):
            kept.append(column)

    def table(self) -> dict[str, np.ndarray]:
        names = ("prompt_id", "position", "layer", "neuron", "activation")
        return {n: np.concatenate(c) for n, c in zip(names, self.columns, strict=True)}


def write_with_arrow(columns: dict[str, np.ndarray], path: str) -> None:
    pq.write_table(pa.table(columns), path)


def found(activations: torch.Tensor, threshold: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, neuron and value (float32) of each activation of at least `threshold` by size."""
    flat = activations.flatten(0, -2)
    row, neuron = torch.nonzero(flat.abs() >= threshold, as_tuple=True)
    return row.numpy(), neuron.numpy(), flat[row, neuron].float().numpy()


def batches(prompts: Any, size: int, first: int) -> Iterator[tuple[torch.Tensor, Rows]]:
    """The first prompts, those of like length together, padded on the right with token 0.

    Under causal attention no token sees the padding behind it, so that no mask is needed.
    """
    ends = np.cumsum(prompts["lengths"])
    starts = ends - prompts["lengths"]
    order = np.argsort(-prompts["lengths"][:first], kind="stable")
    for at in range(0, len(order), size):
        chosen = order[at : at + size]
        lengths = prompts["lengths"][chosen]
        ids = np.zeros((len(chosen), lengths.max()), np.int64)
        for row, prompt in enumerate(chosen):
            ids[row, : lengths[row]] = prompts["ids"][starts[prompt] : ends[prompt]]
        yield torch.from_numpy(ids), Rows(prompts["prompt_ids"][chosen], lengths)


def serve(
    package: str, load: Callable[[dict[str, Any]], Run], write: Write = write_with_arrow
) -> None:
    """Load the model, then run a round for each line of standard input, and write its table."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries may print what they like

    def answer(**told: Any) -> None:
        answers.write(json.dumps(told) + "\n")
        answers.flush()

    config = json.loads(Path(sys.argv[1]).read_text())
    torch.set_num_threads(config["threads"])
    prompts = dict(np.load(config["prompts"]))
    with torch.inference_mode():
        run = load(config)
        answer(version=version(package))
        for line in sys.stdin:
            asked = json.loads(line)
            started, processor = time.perf_counter(), time.process_time()
            fired = Fired(config["thresholds"])
            size = asked["settings"]["batch"]
            run(batches(prompts, size, asked["prompts"]), asked["settings"], fired)
            table = fired.table()
            write(table, asked["out"])
            answer(
                seconds=time.perf_counter() - started,
                processor_seconds=time.process_time() - processor,
                rows=len(table["neuron"]),
            )
