"""A process that answers questions goes on after one that it fails at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from kn_assets.errors import KnError
from kn_assets.processes import UNFORESEEN, Child, serve
from kn_assets.progress import Progress

ERRORS: dict[str, Exception] = {
    "foreseen": KnError("too large: give less"),
    "a fault": ZeroDivisionError("by zero at /home/me/x.py"),
    "memory": MemoryError(),
    "torch's memory": RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes"),
}


def answer(asked: dict[str, Any], progress: Progress) -> tuple[dict[str, Any], bytes]:
    """What the process does."""
    if asked["raise"] == "prepares":
        time.sleep(2.0)
        progress.prepared()
        time.sleep(asked["n"])
    if asked["raise"] == "never ends":
        Path(asked["n"]).write_text(str(os.getpid()))
        while True:
            sum(range(10**6))
    if asked["raise"] in ERRORS:
        raise ERRORS[asked["raise"]]
    return {"n": asked["n"]}, b"body"


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child("tests.test_processes", [], {})
    yield child
    child.close()


def ask(child: Child, what: str = "") -> tuple[dict[str, Any], bytes]:
    return child.ask({"raise": what, "n": 5}, 60)


def test_a_fault_is_no_end(child: Child, capfd: pytest.CaptureFixture[str]) -> None:
    assert ask(child) == ({"n": 5}, b"body")
    first = child._running
    assert ask(child, "foreseen")[0] == {"error": "KnError", "message": "too large: give less"}
    assert ask(child, "a fault")[0]["message"] == UNFORESEEN
    assert "ZeroDivisionError: by zero" in capfd.readouterr().err, "the log has it"
    assert ask(child) == ({"n": 5}, b"body")
    assert child._running is first


@pytest.mark.parametrize("what", ["memory", "torch's memory"])
def test_want_of_memory_is_the_end_of_it(child: Child, what: str) -> None:
    """What it holds is given back; the next question starts another."""
    with pytest.raises(EOFError):
        ask(child, what)
    assert ask(child) == ({"n": 5}, b"body")


def test_what_is_prepared_is_not_of_the_questions_time(child: Child) -> None:
    """Else one that is killed meanwhile leaves all of it to the next, which is killed too."""
    ask(child)  # it is there
    quick = {"raise": "prepares", "n": 0}
    assert child.ask(quick, 1.5, prepare_s=60)[0] == {"n": 0}
    with pytest.raises(TimeoutError):
        child.ask({"raise": "prepares", "n": 30}, 1.5, prepare_s=60)
    ask(child)
    with pytest.raises(TimeoutError):
        child.ask(quick, 0.5, prepare_s=0.5)


ASKING = """
import sys
from kn_assets.processes import Child
Child("tests.test_processes", [], {}).ask({"raise": "never ends", "n": sys.argv[1]}, 600)
"""


def test_it_ends_with_the_one_who_asks(tmp_path: Path) -> None:
    """Killed in the middle of a question, whose answer nobody will read."""
    told = tmp_path / "pid"
    asking = subprocess.Popen([sys.executable, "-c", ASKING, str(told)])
    try:
        deadline = time.monotonic() + 120
        while not (told.exists() and told.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        working = psutil.Process(int(told.read_text()))
        assert working.is_running()
    finally:
        asking.send_signal(signal.SIGKILL)
        asking.wait()
    with suppress(psutil.NoSuchProcess):
        working.wait(timeout=60)
    assert not psutil.pid_exists(working.pid)


def test_it_ends_in_silence_when_nobody_is_there(capfd: pytest.CaptureFixture[str]) -> None:
    """Also where the one who asks went away with something unread."""
    child = Child("tests.test_processes", [], {})
    child.start()
    running = child._running
    assert running is not None
    running.connection.poll(60)  # it is ready, which nobody reads
    running.connection.close()
    assert running.process.wait(60) == 0
    assert "Traceback" not in capfd.readouterr().err


if __name__ == "__main__":
    serve(sys.argv[1], answer)
