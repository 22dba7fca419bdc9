"""A step at work: its process, and how far that says it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from kn_assets.lake import Lake
from kn_assets.launch.background.aside import Aside
from kn_assets.launch.background.step import Step
from kn_assets.progress import Told

PATIENCE_S = 10.0  # for a step that was told to stop, before it is killed
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "NUMBA_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "0",
    "PYTHONUNBUFFERED": "1",
}
_INTERRUPTED = (130, 143)  # `kn`'s exit codes


class Process:
    """The process of a step. `wait` for its end; `stop` may be called from any thread."""

    def __init__(self, lake: Lake, step: Step) -> None:
        self.step = step
        self.told: Told | None = None
        self.words = ""
        self.began = time.monotonic()
        self.stopped = False
        self._waits = False
        self._last = ""
        self._crash: str | None = None
        root = str(Path(__file__).parents[3])
        path = ":".join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", __package__ + ".child", "--data", str(lake.root), *step.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, **_ONE_THREAD, "PYTHONUTF8": "1", "PYTHONPATH": path},
        )
        self._aside = Aside(self._process)

    def wait(self) -> str | None:
        """Wait for its end: None where all went well, else what went wrong, in a line."""
        assert self._process.stderr is not None and self._process.stdin is not None
        with self._process.stderr as said:
            for line in said:
                self._hear(line.decode("utf-8", "replace").strip())
        code = self._process.wait()
        with suppress(OSError):
            self._process.stdin.close()
        if code == 0:
            return None
        if code in _INTERRUPTED or self.stopped:
            return "it was stopped"
        if code < 0:
            name = signal.Signals(-code).name
            return f"its process was ended by {name}, perhaps for want of memory: try it again"
        if self._crash:
            return f"{self._crash} (exit code {code})"
        return self._last or f"`{self.step.words}` failed with exit code {code}"

    def stop(self) -> None:
        """Ask it to end, what it holds let go; kill it unless it soon does."""
        self.stopped = True
        self._aside.stop(signal.SIGTERM)
        killer = threading.Timer(PATIENCE_S, self._process.kill)
        killer.daemon = True
        killer.start()

    def stand_aside(self) -> None:
        """Stand still for a moment: somebody uses the app."""
        self._aside.stand()

    def left_s(self, expected_s: float) -> float:
        """Seconds that are left, where the whole would take `expected_s`."""
        told = self.told.left_s if self.told and self.told.left_s else 0.0
        return max(told, expected_s - (time.monotonic() - self.began), 1.0)

    def _hear(self, line: str) -> None:
        if not line:
            return
        if self._waits:  # for another's lock, until now
            self.began = time.monotonic()
        self._waits = line.startswith("kn: waiting for ")
        if line.startswith("kn: ") and not self._waits:
            self._last, self._crash = line.removeprefix("kn: "), None
        elif line.startswith("Traceback ") or self._crash is not None:
            self._crash = line
        self.told = Told.of(line)
        self.words = self.told.title if self.told else line.removeprefix("kn: ")
