"""Dagster's own store: where it lies, a damaged one set aside, runs that died told as failed."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kn_assets.errors import KnError
from kn_assets.lake import Lake, write_text

if TYPE_CHECKING:
    import dagster as dg

_EARLIER = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"
_CONFIG = f"""{_EARLIER}concurrency:
  pools:
    default_limit: 1
    granularity: run
"""
"""One run of a pool at a time: a backfill over models would load them all at once. By run, so that
the others stay in Dagster's queue; a step would hold its place for good if it was killed."""
_DATABASES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
_LAKE, _PROCESS = "kn/lake", "kn/process"
"""Tags of a run of `kn`: the lake it writes to, and the process it runs in."""


def dagster_home(lake: Lake) -> Path:
    """$DAGSTER_HOME, or a folder of the lake which is made for it: telemetry and greetings off, one
    run of a pool at a time. Settings that someone wrote stay as they are.
    """
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(lake.root / "dagster")))
    lake.make(home)
    config = home / "dagster.yaml"
    if not config.exists() or config.read_bytes() == _EARLIER.encode():
        write_text(config, _CONFIG)
    return home


@contextlib.contextmanager
def opened(lake: Lake) -> Iterator[dg.DagsterInstance]:
    """Dagster's instance; a store of the lake's own that is damaged is set aside first, and a new
    one begun. Raises KnError where a damaged one lies elsewhere.
    """
    import dagster as dg

    home = dagster_home(lake)
    if what := damage(home):
        _set_aside(lake, home, what)
        dagster_home(lake)
    with dg.DagsterInstance.get() as instance:
        yield instance


def damage(home: Path) -> str | None:
    """What is wrong with the store in `home`, in words; None where nothing is."""
    import yaml

    if (config := home / "dagster.yaml").exists():
        try:
            told = yaml.safe_load(config.read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError):
            return "dagster.yaml can't be read"
        if not isinstance(told, dict | None):
            return "dagster.yaml holds no settings"
    for name in _DATABASES:
        if not (path := home / name).exists():
            continue
        try:
            with contextlib.closing(sqlite3.connect(path)) as connection:
                (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as e:
            found = str(e)
        if found != "ok":
            return f"{name}: {' '.join(str(found).split())}"
    return None


def tags(lake: Lake) -> dict[str, str]:
    """The tags of a run that this process is about to begin."""
    return {_LAKE: str(lake.root), _PROCESS: f"{os.getpid()} on {socket.gethostname()}"}


def end_dead_runs(lake: Lake, instance: dg.DagsterInstance) -> int:
    """Report runs of `kn` on this lake that never ended as failed; returns how many there were.

    To be called as the lake's one writer: whatever run isn't over then, its process is.
    """
    import dagster as dg

    over = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
    left = dg.RunsFilter(
        tags={_LAKE: str(lake.root)},
        statuses=[status for status in dg.DagsterRunStatus if status not in over],
    )
    dead = instance.get_runs(left)
    for run in dead:
        instance.report_run_failed(run, f"process {run.tags[_PROCESS]} ended within the run")
    return len(dead)


def _set_aside(lake: Lake, home: Path, what: str) -> None:
    if not home.resolve().is_relative_to(lake.root):
        raise KnError(f"Dagster's store {home} is damaged ({what}): mend it or unset DAGSTER_HOME")
    aside = home.with_name(f"{home.name}.damaged-{datetime.now():%Y%m%d-%H%M%S-%f}")
    home.rename(aside)
    print(
        f"kn: Dagster's store was damaged ({what}): it is set aside as {aside}, a new one is "
        "begun; no table is lost",
        file=sys.stderr,
    )
