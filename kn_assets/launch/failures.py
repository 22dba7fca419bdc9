"""What a Dagster run that failed or was stopped means for a person, in one line."""

from __future__ import annotations

import os
import traceback
from datetime import datetime
from pathlib import Path

from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition, write_text
from kn_assets.lake.disk import FullDisk, chain, free, is_full
from kn_assets.lake.lake import FAILED_CHECKS


def failed_checks(lake: Lake, partition: Partition, tables: list[str]) -> KnError:
    """Which checks of some tables failed."""
    notes = {table: lake.meta(partition, table) or {} for table in tables}
    failed = [
        f"{t}.{check}" for t, note in notes.items() for check in note.get(FAILED_CHECKS) or ()
    ]
    return KnError(f"checks failed: {'; '.join(failed)}. `dg dev` shows why")


def plainly(lake: Lake, error: Exception, partition: Partition, tables: list[str]) -> KnError:
    """The KnError that a failed step wraps, a word on a full disk, or the cause in one line; the
    whole traceback of the last is kept in a file of the lake.
    """
    errors = list(chain(error))
    told = next((found for found in errors if isinstance(found, KnError)), None)
    disk = _full_disk(lake, errors)
    if isinstance(told, FullDisk) and disk is not None and free(disk.place) < free(told.place):
        return disk  # Dagster's log is written within a table, whose place is blamed for it too
    if known := told or disk:
        return known
    own = [found for found in errors if not type(found).__module__.startswith("dagster")]
    cause = (own or errors)[-1]
    lines = [line for line in str(cause).splitlines() if line.strip()]
    what = f"{type(cause).__name__}: {lines[0].strip()}" if lines else type(cause).__name__
    return KnError(
        f"{', '.join(tables)} of {partition.key} can't be made ({what}): {_kept(lake, error)}"
    )


def _full_disk(lake: Lake, errors: list[BaseException]) -> FullDisk | None:
    """Which disk is full, where an error comes of that: the lake's, or that of Dagster's store."""
    home = os.environ.get("DAGSTER_HOME")
    places = {"KN_DATA": lake.root} | ({"DAGSTER_HOME": Path(home)} if home else {})
    found = [FullDisk(p, v) for v, p in places.items() if any(is_full(p, e) for e in errors)]
    return min(found, key=lambda disk: free(disk.place), default=None)


def _kept(lake: Lake, error: Exception) -> str:
    """Keep the traceback; says where."""
    place = lake.root / "logs" / f"{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.log"
    try:
        place.parent.mkdir(exist_ok=True)
        write_text(place, "".join(traceback.format_exception(error)))
    except OSError as e:
        return f"the whole traceback can't be kept ({e.strerror})"
    return f"the whole traceback is in {place}"
