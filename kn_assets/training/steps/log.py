"""What a run of `kn train` in this lake tells of itself: its log, and the prompts it was told."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import STEPS


def log(lake: Lake, name: str) -> pa.Table | None:
    """The table `training_log` of the model `name`; None where it wasn't trained in this lake.

    Raises KnError where the log is damaged.
    """
    file = lake.models / name / "training.jsonl"
    if not file.is_file():
        return None
    try:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    except ValueError as e:
        raise KnError(f"{file} is damaged ({e}): remove it to go on without") from e
    return pa.Table.from_pylist(rows, schema=STEPS["training_log"].schema)


def taught(lake: Lake, name: str, corpus: Partition) -> set[tuple[int, int]] | None:
    """(fact_id, paraphrase) of a corpus' prompts that training told with their answers.

    None where the model wasn't trained in this lake, since then nobody knows.
    """
    from kn_assets.training import text

    note = lake.models / name / "training.json"
    if not note.is_file():
        return None
    settings: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
    told = text.told(settings["cities"])
    facts = lake.read(corpus, "facts", ["fact_id", "object"]).to_pylist()
    objects = {fact["fact_id"]: fact["object"] for fact in facts}
    return {
        (row["fact_id"], row["paraphrase"])
        for row in lake.read(corpus, "fact_prompts").to_pylist()
        if (row["text"], objects[row["fact_id"]]) in told
    }
