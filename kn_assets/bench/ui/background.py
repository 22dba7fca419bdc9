"""A run in the background, as an open app makes things: at the lowest priority, on one thread."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.launch.background import CORPUS, LIMIT, MODEL
from kn_assets.launch.background.process import Process
from kn_assets.launch.background.step import Step
from kn_assets.models import embedded

_START_S = 180


def can_run(lake: Lake) -> bool:
    """Whether the lake has the model that the run is of."""
    return embedded.is_acquired(lake)


@contextmanager
def a_run(lake: Lake) -> Iterator[Callable[[], None]]:
    """Make an atlas in a folder of its own, again and again, until the block ends. What is given is
    called whenever the app is asked, as the app does with what it makes itself.

    The model is the lake's own, by a link: nothing is written to it. Raises KnError where no run
    can be made.
    """
    with tempfile.TemporaryDirectory(prefix="kn-bench-") as folder:
        other = Lake(Path(folder))
        other.make(other.root)
        other.models.symlink_to(lake.models.resolve(), target_is_directory=True)
        runs = _Runs(other)
        try:
            runs.begin()
            yield runs.stand_aside
        finally:
            runs.end()


class _Runs:
    """One run after the other in a lake."""

    def __init__(self, lake: Lake) -> None:
        command = ("run", "--corpus", CORPUS, "--model", MODEL, "--limit", str(LIMIT), "--force")
        self._step = Step("bench", "An atlas", command, 60.0, lambda _: False, "atlas", MODEL)
        self._lake = lake
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self._process: Process | None = None
        self._trouble: str | None = None

    def begin(self) -> None:
        """Returns once a run is past its start. Raises KnError where it has failed by then."""
        self._thread.start()
        for _ in range(_START_S):
            if self._trouble is not None:
                raise KnError(f"no run can go on beside the app: {self._trouble}")
            if self._process is not None and self._process.told is not None:
                return
            time.sleep(1)
        raise KnError(f"a run beside the app had not begun after {_START_S} s")

    def stand_aside(self) -> None:
        if self._process is not None:
            self._process.stand_aside()

    def end(self) -> None:
        self._ended.set()
        while self._thread.is_alive():
            if self._process is not None:
                self._process.stop()
            self._thread.join(1)

    def _go_on(self) -> None:
        while not self._ended.is_set() and self._trouble is None:
            self._process = Process(self._lake, self._step)
            self._trouble = self._process.wait()
