"""Lenses that are computed when a prompt is first opened, and kept in the atlas.

A run with `--lens lazy` leaves the table `logit_lens` without rows and notes so beside it. Each
prompt's rows come as a file of their own, the same rows that a run with `--lens all` would have
written; such a run replaces the whole table later, and the note with it.
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kn_assets.atlas.forward.tokens import TokenizedPrompts
from kn_assets.errors import KnError
from kn_assets.lake import plan as plans
from kn_assets.lake import said_plainly
from kn_assets.lake.parquet import TableFile
from kn_assets.lake.schema import TABLES

if TYPE_CHECKING:
    from kn_assets.atlas.plan import AtlasPlan
    from kn_assets.lake import Lake, Partition

TABLE = "logit_lens"


def begin(plan: AtlasPlan) -> None:
    """Write the table without rows, to be filled prompt by prompt."""
    none = TABLES[TABLE].schema.empty_table()
    plans.write(plan, TABLE, none, lazy=True)


def is_lazy(lake: Lake, atlas: Partition) -> bool:
    """Whether the atlas' lens is filled as prompts are opened."""
    return bool((lake.meta(atlas, TABLE) or {}).get("lazy"))


def waits(lake: Lake, atlas: Partition, prompt: int) -> bool:
    """Whether the prompt's lens is yet to be computed."""
    return not _file(lake.table(atlas, TABLE), prompt).exists() and is_lazy(lake, atlas)


def opened(lake: Lake, atlas: Partition) -> int:
    """The number of prompts whose lens was computed one by one."""
    return len(list(lake.table(atlas, TABLE).glob("prompt-*.parquet")))


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

    The file appears whole, under a name that two who compute the same prompt share. All happens
    inside the folder that was found lazy: one that a run puts in its place is left alone.
    """
    place = lake.table(atlas, TABLE)
    fresh = place.with_name(f".new-{TABLE}-{secrets.token_hex(8)}")  # `recover` knows such a name
    with said_plainly(lake.root):
        lake.check_room()
        folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            if not is_lazy(lake, atlas) or not os.path.samestat(os.fstat(folder), place.stat()):
                return
            fresh.mkdir()
            with TableFile(fresh / "rows.parquet", TABLE) as file:
                file.write(rows)
            os.rename(fresh / "rows.parquet", _file(place, prompt).name, dst_dir_fd=folder)
        finally:
            os.close(folder)
            shutil.rmtree(fresh, ignore_errors=True)


def _file(folder: Path, prompt: int) -> Path:
    return folder / f"prompt-{prompt:09}.parquet"
