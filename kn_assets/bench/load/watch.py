"""Memory of the app over time, and what it leaves on the disk."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import linear_regression, median
from typing import Any

from kn_assets.bench.result import Figure
from kn_assets.lake import Lake

LOOK_S = 0.5
MIB = 1 << 20
Look = tuple[float, float, float]
"""Seconds since the begin, MiB of the server alone, MiB with its processes."""


class Watch:
    """Memory of a process with its children, and bytes on the disk, while it is held.

    every_s: seconds between two lines on standard error that tell it; 0 for none.
    """

    def __init__(self, pid: int, lake: Lake, every_s: float = 0.0) -> None:
        self._pid, self._lake, self._every_s = pid, lake, every_s
        self._looks: list[Look] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._bytes = 0

    def __enter__(self) -> Watch:
        self._bytes = self._on_disk()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._bytes = self._on_disk() - self._bytes

    def figures(self) -> dict[str, Figure]:
        """What `course` tells, the most that was seen, and MiB that the disk has more of."""
        return {
            "server, MiB at most": max(server for _, server, _ in self._looks),
            "with its processes, MiB at most": max(family for _, _, family in self._looks),
            **course(self._looks),
            "disk, MiB": self._bytes / MIB,
        }

    def _look(self) -> None:
        import psutil

        server = psutil.Process(self._pid)
        begun = time.monotonic()
        told = 0.0
        while not self._stop.wait(LOOK_S):
            try:
                own = server.memory_info().rss / MIB
                children = server.children(recursive=True)
                family = own + sum(child.memory_info().rss for child in children) / MIB
                counts = f"{server.num_threads()} threads" + _files(server)
            except psutil.Error:
                continue  # one ended between two looks
            now = time.monotonic() - begun
            self._looks.append((now, own, family))
            if self._every_s and now - told >= self._every_s:
                told = now
                print(
                    f"kn: {now:.0f} s: server {own:.0f} MiB, with its {len(children)} processes "
                    f"{family:.0f} MiB, {counts}",
                    file=sys.stderr,
                    flush=True,
                )

    def _on_disk(self) -> int:
        places = (self._lake.root, Path(tempfile.gettempdir()) / "gradio")
        files = (f for place in places if place.exists() for f in place.rglob("*"))
        return sum(f.stat().st_size for f in files if f.is_file())


def _files(server: Any) -> str:
    """How many files and connections a process holds, where the system tells."""
    return f", {server.num_fds()} files" if hasattr(server, "num_fds") else ""


def course(looks: list[Look]) -> dict[str, Figure]:
    """The server's median memory in the first and the last quarter of the looks, in MiB, and how
    fast it grows in the last three, in MiB an hour: the first quarter is the warming up.
    """
    quarter = max(1, len(looks) // 4)
    seconds, server, _ = zip(*looks[-3 * quarter :], strict=True)
    grows = linear_regression(seconds, server).slope if len(seconds) > 1 else 0.0
    return {
        "server, MiB in the first quarter": median(look[1] for look in looks[:quarter]),
        "server, MiB in the last quarter": median(look[1] for look in looks[-quarter:]),
        "server, MiB more an hour": 3600 * grows,
    }
