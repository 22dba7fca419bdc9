"""Lenses that are computed when a prompt is first opened, and kept in the atlas.

A run with `--lens lazy` leaves the table `logit_lens` without rows and notes so beside it. Each
prompt's rows come as a file of their own, the same rows that a run with `--lens all` would have
written; such a run replaces the whole table later, and the note with it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kn_assets.atlas.forward.tokens import TokenizedPrompts
from kn_assets.errors import KnError
from kn_assets.lake import contents, locks
from kn_assets.lake import plan as plans
from kn_assets.lake.parquet import TableFile
from kn_assets.lake.schema import TABLES

if TYPE_CHECKING:
    from kn_assets.atlas.plan import AtlasPlan
    from kn_assets.lake import Lake, Partition

TABLE = "logit_lens"
_PROMPT = "prompt-"


def begin(plan: AtlasPlan) -> None:
    """Write the table without rows, to be filled prompt by prompt.

    Lenses that a table of the same atlas holds already stay, those of them that are as written.
    """
    note = plan.lake.meta(plan.model, TABLE) or {}
    place, kept = plan.lake.table(plan.model, TABLE), []
    if note.get("lazy") and note["fingerprint"] == plan.fingerprint(TABLE):
        noted = {**contents.added(place), **note.get(contents.FILES, {})}
        there = [name for name in noted if name.startswith(_PROMPT) and (place / name).exists()]
        kept = [name for name in there if contents.described(place / name) == noted[name]]
    with plans.replacing(plan, TABLE, lazy=True) as folder:
        with TableFile(folder / "part-0.parquet", TABLE) as file:
            file.write(TABLES[TABLE].schema.empty_table())
        for name in kept:
            os.link(place / name, folder / name)


def is_lazy(lake: Lake, atlas: Partition) -> bool:
    """Whether the atlas' lens is filled as prompts are opened."""
    return bool((lake.meta(atlas, TABLE) or {}).get("lazy"))


def waits(lake: Lake, atlas: Partition, prompt: int) -> bool:
    """Whether the prompt's lens is yet to be computed, or its file isn't as it was written."""
    if not is_lazy(lake, atlas):
        return False
    file = _file(lake.table(atlas, TABLE), prompt)
    try:
        size = file.stat().st_size
    except FileNotFoundError:
        return True
    noted = contents.added(file.parent).get(file.name)
    return noted is not None and noted["bytes"] != size


def opened(lake: Lake, atlas: Partition) -> int:
    """The number of prompts whose lens was computed one by one."""
    return len(list(lake.table(atlas, TABLE).glob(f"{_PROMPT}*.parquet")))


def prompt_of(lake: Lake, atlas: Partition, prompt: int) -> TokenizedPrompts:
    """A prompt of the atlas by its id, as its tokens say. Raises KnError where there is none."""
    found = pq.read_table(
        lake.files(atlas, "tokens"),
        columns=["position", "token_id"],
        filters=[("prompt_id", "=", prompt)],
        partitioning=None,
    ).sort_by("position")
    if not len(found):
        raise KnError(f"the atlas {atlas.key} has no prompt {prompt}")
    ids = found["token_id"].to_numpy()
    return TokenizedPrompts(np.array([prompt], np.int32), np.array([len(ids)], np.int32), ids)


def keep(lake: Lake, atlas: Partition, prompt: int, rows: pa.Table) -> None:
    """Put a prompt's rows into the table, unless a run has filled it meanwhile.

    The file appears whole, under a name that two who compute the same prompt share. Only the moment
    of writing keeps others from changing the lake: no run is waited for.
    """
    place = lake.table(atlas, TABLE)
    fresh = place.with_name(f".new-{TABLE}-of-a-prompt")
    with locks.committing(lake.root):
        if not is_lazy(lake, atlas):
            return
        lake.check_room()
        try:
            with TableFile(fresh, TABLE) as file:
                file.write(rows)
            contents.add(place, fresh, _file(place, prompt).name)
            fresh.replace(_file(place, prompt))
        finally:
            fresh.unlink(missing_ok=True)


def _file(folder: Path, prompt: int) -> Path:
    return folder / f"{_PROMPT}{prompt:09}.parquet"
