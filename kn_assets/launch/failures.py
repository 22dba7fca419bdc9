"""What a Dagster run that failed or was stopped means for a person, in one line."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from datetime import datetime

from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition, write_text
from kn_assets.lake.disk import full, is_full
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
    chain = list(_chain(error))
    for found in chain:
        if isinstance(found, KnError):
            return found
    if any(is_full(lake.root, found) for found in chain):
        return full(lake.root)
    own = [found for found in chain if not type(found).__module__.startswith("dagster")]
    cause = (own or chain)[-1]
    lines = [line for line in str(cause).splitlines() if line.strip()]
    told = f"{type(cause).__name__}: {lines[0].strip()}" if lines else type(cause).__name__
    return KnError(
        f"{', '.join(tables)} of {partition.key} can't be made ({told}): {_kept(lake, error)}"
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came of, the first cause last."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:  # contexts may run in circles
        seen.append(found)
        yield found
        found = found.__cause__ or found.__context__


def _kept(lake: Lake, error: Exception) -> str:
    """Keep the traceback; says where."""
    place = lake.root / "logs" / f"{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.log"
    try:
        place.parent.mkdir(exist_ok=True)
        write_text(place, "".join(traceback.format_exception(error)))
    except OSError as e:
        return f"the whole traceback can't be kept ({e.strerror})"
    return f"the whole traceback is in {place}"
