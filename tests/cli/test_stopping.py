"""Ctrl+C and SIGTERM end every command in one line, with the code that says which it was."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.made import make_lake

ROOT = Path(__file__).parents[2]

LINE = "kn: stopped; run the same command to go on\n"
BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
LONG = "SELECT sum(sin(i)) FROM range(100000000000) t(i)"


def started(folder: Path, *words: str, code: str = "") -> subprocess.Popen[str]:
    """`kn` as a user starts it; `code` is run in its process before."""
    how = ["-c", f"{code}\nfrom kn_assets.cli.start import main\nraise SystemExit(main())"]
    return subprocess.Popen(
        [sys.executable, *how, "--data", str(folder), *words],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """Send the signal; what the process said, after checking its code and its one line."""
    process.send_signal(number)
    try:
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 128 + number, said
    assert "Traceback" not in said
    assert said.endswith(LINE)
    return said


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@BOTH
@pytest.mark.parametrize(
    "words",
    [("run",), ("train",), ("knowledge",), ("ui",), ("sql", "x"), ("bench", "map"), ("demo",)],
)
def test_while_it_is_loaded(tmp_path: Path, number: signal.Signals, words: tuple[str, ...]) -> None:
    """The import of the parser's modules is where a command is for its first half second."""
    halt = (
        "import sys, time\n"
        "class Halting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'kn_assets.cli.parser':\n"
        "            print('loading', flush=True)\n"
        "            time.sleep(60)\n"
        "sys.meta_path.insert(0, Halting())"
    )
    process = started(tmp_path, *words, code=halt)
    assert process.stdout is not None
    assert process.stdout.readline() == "loading\n"
    assert ended(process, number) == LINE


@BOTH
def test_a_query_under_way(tmp_path: Path, number: signal.Signals) -> None:
    make_lake(tmp_path)
    process = started(tmp_path, "sql", LONG, code=within("kn_assets.database.query.run"))
    assert process.stdout is not None
    assert process.stdout.readline() == "within\n"
    time.sleep(0.5)  # DuckDB computes by then, and drops the interrupt
    assert ended(process, number) == LINE


@BOTH
def test_an_app_that_is_open(tmp_path: Path, number: signal.Signals) -> None:
    make_lake(tmp_path)
    process = started(
        tmp_path,
        "ui",
        "--port",
        free_port(),
        code="import os; os.environ['PYTHONUNBUFFERED'] = '1'",
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Knowledge neurons explorer at ")
    assert ended(process, number) == LINE


@BOTH
@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("bench", "map"), "kn_assets.bench.map.run"),
        (("train",), "kn_assets.training.train"),
        (("demo", "--no-ui"), "kn_assets.launch.run.run"),
    ],
)
def test_a_command_at_work(
    tmp_path: Path, number: signal.Signals, words: tuple[str, ...], place: str
) -> None:
    process = started(tmp_path, *words, code=within(place, "__import__('time').sleep(60)"))
    assert process.stdout is not None
    assert process.stdout.readline() == "within\n"
    assert ended(process, number) == LINE


def test_ctrl_c_that_is_ignored_stays_so(tmp_path: Path) -> None:
    """As `nohup kn run &` has it."""
    ignore = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    code = ignore + within("kn_assets.bench.map.run", "__import__('time').sleep(2)")
    process = started(tmp_path, "bench", "map", code=code)
    assert process.stdout is not None
    assert process.stdout.readline() == "within\n"
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    ended(process, signal.SIGTERM)


def within(place: str, work: str = "") -> str:
    """Code that prints a line when a function is called, then does `work`, or what it does."""
    module, _, name = place.rpartition(".")
    then = work or "done(*given, **named)"
    return (
        f"import {module} as module\n"
        f"done = module.{name}\n"
        "def halting(*given, **named):\n"
        "    print('within', flush=True)\n"
        f"    return {then}\n"
        f"module.{name} = halting"
    )
