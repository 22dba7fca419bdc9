"""Lenses that are computed when a prompt is first opened, and kept in the atlas.

A run with `--lens lazy` leaves the table `logit_lens` without rows and notes so beside it. Each
prompt's rows come as a file of their own, the same rows that a run with `--lens all` would have
written; such a run replaces the whole table later, and the note with it. The table `lens_readings`
of other lenses is filled in this way alone, a file for each prompt and lens.
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
    from kn_assets.lake.plan import Plan

TABLE, READINGS = "logit_lens", "lens_readings"
_PROMPT = "prompt-"
ALWAYS = "always"
"""In the note of `READINGS`, in `lazy`: no run fills it."""


def begin_readings(plan: Plan) -> None:
    """Write the table of other lenses without rows; what it held was of other maps."""
    with plans.replacing(plan, READINGS, lazy=ALWAYS) as folder:
        _write_none(folder, READINGS)


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
        _write_none(folder, TABLE)
        for name in kept:
            os.link(place / name, folder / name)


def _write_none(folder: Path, table: str) -> None:
    with TableFile(folder / "part-0.parquet", table) as file:
        file.write(TABLES[table].schema.empty_table())


def is_lazy(lake: Lake, atlas: Partition, table: str = TABLE) -> bool:
    """Whether the atlas' lens is filled as prompts are opened."""
    return bool((lake.meta(atlas, table) or {}).get("lazy"))


def waits(lake: Lake, atlas: Partition, prompt: int, lens: str = "") -> bool:
    """Whether the prompt's lens is yet to be computed, or its file isn't as it was written.

    lens: one of `lens_readings`, "" for the logit lens.
    """
    table = READINGS if lens else TABLE
    if not is_lazy(lake, atlas, table):
        return False
    file = _file(lake.table(atlas, table), prompt, lens)
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


def keep(lake: Lake, atlas: Partition, prompt: int, rows: pa.Table, lens: str = "") -> None:
    """Put a prompt's rows into the table, unless a run has filled it meanwhile; `lens` as `waits`.

    The file appears whole, under a name that two who compute the same prompt share. Only the moment
    of writing keeps others from changing the lake: no run is waited for.
    """
    table = READINGS if lens else TABLE
    place = lake.table(atlas, table)
    fresh = place.with_name(f".new-{table}-of-a-prompt")
    with locks.committing(lake.root):
        if not is_lazy(lake, atlas, table):
            return
        lake.check_room()
        file_name = _file(place, prompt, lens)
        try:
            with TableFile(fresh, table) as file:
                file.write(rows)
            contents.add(place, fresh, file_name.name)
            fresh.replace(file_name)
        finally:
            fresh.unlink(missing_ok=True)


def _file(folder: Path, prompt: int, lens: str = "") -> Path:
    of = f"{lens}-" if lens else ""
    return folder / f"{of}{_PROMPT}{prompt:09}.parquet"
