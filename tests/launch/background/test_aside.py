"""What is made stands still while the app is used, never for long, and never without an app."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from kn_assets.launch.background import aside
from kn_assets.launch.background.aside import Aside

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not aside.IS_KNOWN, reason="only Linux wakes what stands still"),
]
WAITS = "import os; os.read(0, 1)"
WOKEN = (
    "from kn_assets.launch.background.aside import woken_by_the_end\n"
    "woken_by_the_end(); print('ready', flush=True)\n" + WAITS
)
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {WOKEN!r}], stdin=subprocess.PIPE)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", WAITS], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "STILL_S", 0.3)
    monkeypatch.setattr(aside, "MOST_S", 1.0)


def stands(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_it_stands_for_a_moment_after_the_last_question(process: subprocess.Popen[bytes]) -> None:
    rival, begun = Aside(process), time.monotonic()
    rival.stand()
    until(lambda: stands(process.pid))
    time.sleep(0.1)
    rival.stand()
    until(lambda: not stands(process.pid))
    assert time.monotonic() - begun > 0.35


def test_endless_questions_dont_keep_it(process: subprocess.Popen[bytes]) -> None:
    rival = Aside(process)

    def goes_on_while_asked() -> bool:
        rival.stand()
        return not stands(process.pid)

    rival.stand()
    until(lambda: stands(process.pid))
    until(goes_on_while_asked)


def test_one_that_stands_hears_that_it_shall_end(process: subprocess.Popen[bytes]) -> None:
    rival = Aside(process)
    rival.stand()
    until(lambda: stands(process.pid))
    rival.stop(signal.SIGTERM)
    assert process.wait(60) == -signal.SIGTERM
    rival.stand()  # it is over: nothing happens


def test_it_goes_on_when_the_app_is_killed() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        said = {parent.stdout.readline().strip() for _ in range(2)}
        assert "ready" in said
        child = int((said - {"ready"}).pop())
        os.kill(child, signal.SIGSTOP)
        until(lambda: stands(child))
        parent.kill()
        until(lambda: not psutil.pid_exists(child) or not stands(child))
