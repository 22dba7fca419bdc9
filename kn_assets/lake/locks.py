"""Who may write: one writer a lake, across processes, and one at a time who changes what is there.

Both locks are the operating system's, so they end with the process that holds them, however it
ends. The writer's is held for as long as a run takes; `.writer.json` says by whom. The other is
held for the moment in which a table, a note or a file comes into its place. Readers take neither.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from kn_assets.errors import KnError
from kn_assets.lake.disk import said_plainly, write_text

_POLL_S = 0.2
_locks: dict[tuple[int, Path], FileLock] = {}
_of_threads = threading.RLock()


@contextlib.contextmanager
def writing(
    root: Path, wait: bool = True, say: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Be the lake's one writer while open; within the process that is, it costs nothing.

    Where another process is: waits for its end and says so, or raises KnError where `wait` is
    false. Both name it.
    """
    lock = _lock(root, ".writer.lock")
    with said_plainly(root):
        root.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if not wait:
                raise KnError(
                    f"{holder(root)} is writing to {root}: wait for its end (without --no-wait "
                    "this command does), or give --data with another folder"
                ) from None
            (say or _say)(f"waiting for {holder(root)}, which is writing to {root}")
            lock.acquire(poll_interval=_POLL_S)
    note, outermost = root / ".writer.json", lock.lock_counter == 1
    try:
        if outermost:
            with said_plainly(root):
                write_text(note, json.dumps(_myself()))
        yield
    finally:
        if outermost:
            note.unlink(missing_ok=True)
        lock.release()


@contextlib.contextmanager
def committing(root: Path) -> Iterator[None]:
    """Be the only one who changes what is in place; a matter of milliseconds."""
    with said_plainly(root), _of_threads, _lock(root, ".commit.lock"):
        yield


def holder(root: Path) -> str:
    """Who writes, in words."""
    try:
        told = json.loads((root / ".writer.json").read_text(encoding="utf-8"))
        where = f"process {told['pid']} on {told['host']}, since {told['since']}"
        return f"`{told['command']}` ({where})"
    except (OSError, ValueError, TypeError, KeyError):  # it has just begun, or is ending
        return "another process"


def _myself() -> dict[str, object]:
    words = [Path(sys.argv[0]).name, *sys.argv[1:]] if sys.argv else []
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "command": shlex.join(words),
        "since": datetime.now().astimezone().isoformat(sep=" ", timespec="seconds"),
    }


def _lock(root: Path, name: str) -> FileLock:
    """One for each file and process, so that whoever holds it may take it again."""
    place = os.getpid(), root / name  # a fork holds nothing of its parent's
    if place not in _locks:
        _locks[place] = FileLock(place[1], thread_local=False, poll_interval=0.01)
    return _locks[place]


def _say(text: str) -> None:
    print(f"kn: {text}", file=sys.stderr, flush=True)
