"""What the peers' scripts share: prompts in, tables of neurons out, rounds on demand.

A script is started with the path of a JSON file:

    model: folder of weights; dtype; projections: names of the modules whose input is the
    activations, a layer each; thresholds: |activation| that fires, a layer each; prompts: an .npz
    of `prompt_ids` and `lengths` (int32 [prompts]), `ids` (int32 [tokens], prompts end to end) and
    `sinks` (bool [largest prompt id + 1, longest], tokens that are attention sinks);
    tables: `fired`, the long table of fired neurons alone, or `atlas`, all that `neuron_tables.py`
    makes; top_k: strongest tokens of each neuron and sign

It answers a line of JSON once it is ready, and another for each line it is given:
`{"out": folder, "settings": {...}, "prompts": n}` ->
`{"seconds": wall, "processor_seconds": s, "rows": n}`. Each table is a file in the folder `out`.
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
from neuron_tables import Atlas, Columns, Fired, Rows

Run = Callable[[Iterator[tuple[torch.Tensor, Rows]], dict[str, Any], Fired], None]
Write = Callable[[Columns, Path], None]


def write_with_arrow(columns: Columns, path: Path) -> None:
    pq.write_table(pa.table(columns), path)


def start(config: dict[str, Any], sinks: np.ndarray) -> Fired:
    """What takes a round's activations."""
    if config["tables"] == "atlas":
        return Atlas(config["thresholds"], config["top_k"], sinks)
    return Fired(config["thresholds"])


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
        rows = Rows(prompts["prompt_ids"][chosen], lengths, prompts["sinks"])
        yield torch.from_numpy(ids), rows


def serve(
    package: str, load: Callable[[dict[str, Any]], Run], write: Write = write_with_arrow
) -> None:
    """Load the model, then run a round for each line of standard input, and write its tables."""
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
            fired = start(config, prompts["sinks"])
            size = asked["settings"]["batch"]
            run(batches(prompts, size, asked["prompts"]), asked["settings"], fired)
            tables = fired.tables()
            for name, columns in tables.items():
                write(columns, Path(asked["out"]) / f"{name}.parquet")
            answer(
                seconds=time.perf_counter() - started,
                processor_seconds=time.process_time() - processor,
                rows=len(tables["activations"]["neuron"]),
            )
