"""The log of a run of `kn train` in this lake, and the prompts in its training text."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import STEPS


def log(lake: Lake, name: str) -> pa.Table | None:
    """The table `training_log` of the model `name`; None where it wasn't trained in this lake.

    Raises KnError where the log is damaged or an earlier version of this project wrote it.
    """
    file = lake.models / name / "training.jsonl"
    if not file.is_file():
        return None
    try:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    except ValueError as e:
        raise KnError(f"{file} is damaged ({e}): remove it to continue without it") from e
    schema = STEPS["training_log"].schema
    if unknown := {column for row in rows for column in row} - set(schema.names):
        raise KnError(
            f"{file} was written by an earlier version (columns {', '.join(sorted(unknown))}): "
            "train the model again, or remove the file to continue without it"
        )
    return pa.Table.from_pylist(rows, schema=schema)


def trained_prompts(lake: Lake, name: str, corpus: Partition) -> set[tuple[int, int]] | None:
    """(fact_id, prompt) of a corpus' prompts in the training text, with their answers.

    None where the model was not trained in this lake, so that its training text is unknown.
    """
    from kn_assets.training import text

    note = lake.models / name / "training.json"
    if not note.is_file():
        return None
    settings: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
    trained = text.trained_prompts(settings["cities"])
    facts = lake.read(corpus, "facts", ["fact_id", "object"]).to_pylist()
    objects = {fact["fact_id"]: fact["object"] for fact in facts}
    return {
        (row["fact_id"], row["prompt"])
        for row in lake.read(corpus, "fact_prompts").to_pylist()
        if (row["text"], objects[row["fact_id"]]) in trained
    }
