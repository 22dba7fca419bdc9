"""Processes that begin with torch, transformers and Dagster already imported.

A Python that imports them takes up to ten seconds of a core before it does anything. `Popen` and
`run` stand in for `subprocess`'s where the command is this Python's `-m MODULE`, `-c CODE` or a
script: a server (`tests.fork_server`) imports once, and forks each process. All else is a process's
own: words, environment, folder, files, signals, exit code. What a command imports by itself can't
be seen this way, nor an environment that is read when torch is imported; where the hub's address is
given, the hub's library isn't among what is imported before, but for an address in ASKED_OFTEN.
"""

from __future__ import annotations

import array
import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import IO, Any, Self

import pytest

ROOT = Path(__file__).parents[1]
LIGHT = (
    *("torch", "dagster", "duckdb", "pyarrow.parquet", "pyarrow.compute", "pandas"),
    *("scipy.stats", "sklearn.cluster", "sklearn.metrics", "openTSNE", "httpx", "parsel"),
    *("matplotlib.figure", "matplotlib.backends.backend_agg", "tests.quick_store"),
)
HUB = (
    "transformers.generation.utils",
    *("transformers.models.auto.modeling_auto", "transformers.models.auto.tokenization_auto"),
    *(f"transformers.models.{m}.modeling_{m}" for m in ("gpt2", "llama", "gpt_neox")),
)


class Popen:
    """What these tests use of `subprocess.Popen`. Raises ValueError for another command."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | IO[Any] | None = None,
        pass_fds: Sequence[int] = (),
        text: bool = False,
    ) -> None:
        python, how, *words = map(str, command)
        if python != sys.executable or not (how in ("-m", "-c") or how.endswith(".py")):
            raise ValueError(f"not of this Python: {command}")
        self.command = command
        self._lock = threading.Lock()
        self._told, told = os.pipe()
        weakref.finalize(self, os.close, self._told)
        environment = dict(os.environ if env is None else env)
        self.returncode: int | None = None
        self.stdin, given_in = _end(stdin, "w", text)
        self.stdout, given_out = _end(stdout, "r", text)
        if stderr is not None and not isinstance(stderr, int):
            stderr = stderr.fileno()
        self.stderr, given_err = _end(stderr, "r", text)
        question = {
            "how": how,
            "words": words,
            "env": environment,
            "cwd": str(cwd or Path.cwd()),
            "fds": list(pass_fds),
        }
        here = (given_in, given_out, given_err)
        files = [number if file is None else file for number, file in enumerate(here)]
        self.pid = _server(_of_the_hub(environment)).ask(question, [told, *files, *pass_fds])
        os.close(told)
        for file, asked in zip(here, (stdin, stdout, stderr), strict=True):
            if file is not None and file != asked:
                os.close(file)

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises subprocess.TimeoutExpired where it doesn't end so soon."""
        if not select.select([self._told], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(self.command, timeout or 0.0)
        with self._lock:
            if self.returncode is None:
                (self.returncode,) = array.array("i", os.read(self._told, 4))
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # ended, and not yet told
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self) -> tuple[Any, Any]:
        """What it has still to say, to its end."""
        if self.stdin:
            self.stdin.close()
        said = tuple(file.read() if file else None for file in (self.stdout, self.stderr))
        self.wait()
        return said[0], said[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        for file in (self.stdin, self.stdout, self.stderr):
            if file:
                file.close()
        self.wait()


def run(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """A process to its end, what it wrote as text. Nothing is raised for its exit code."""
    pipe = subprocess.PIPE
    written: dict[str, str] = {}
    with Popen(
        command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
    ) as process:

        def read(name: str) -> None:
            written[name] = getattr(process, name).read()

        readers = [threading.Thread(target=read, args=(n,)) for n in ("stdout", "stderr")]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        code = process.wait()
    return subprocess.CompletedProcess(command, code, written["stdout"], written["stderr"])


def _end(asked: int | None, mode: str, text: bool) -> tuple[Any, int | None]:
    """Our end of a pipe and theirs; theirs alone where none is asked for."""
    if asked == subprocess.DEVNULL:
        return None, os.open(os.devnull, os.O_RDWR)
    if asked != subprocess.PIPE:
        return None, asked
    read, write = os.pipe()
    ours, theirs = (write, read) if mode == "w" else (read, write)
    opened = os.fdopen(ours, mode, buffering=1) if text else os.fdopen(ours, mode + "b", 0)
    return opened, theirs


def _of_the_hub(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What the hub's library reads of an environment when it is imported, but whether it counts its
    users, which it never does here: an app that was started in this process says so to others. The
    token it reads each time that it asks.
    """
    left = {*SILENT, "HF_TOKEN"}
    read = {k: v for k, v in environment.items() if k.startswith("HF_") and k not in left}
    return tuple(sorted(read.items()))


def put_in_place(patch: pytest.MonkeyPatch, module: ModuleType, of: str = "") -> None:
    """Have the processes forked that a module starts, of commands that hold the word `of`."""

    def popen(command: Sequence[str | Path], **how: Any) -> Popen | subprocess.Popen[Any]:
        asked = not of or of in command
        return Popen(command, **how) if asked else subprocess.Popen(command, **how)

    at_hand = SimpleNamespace(
        Popen=popen, PIPE=subprocess.PIPE, DEVNULL=subprocess.DEVNULL, STDOUT=subprocess.STDOUT
    )
    patch.setattr(module, "subprocess", at_hand)


# -- the server ------------------------------------------------------------------------------------


class _Server:
    """What is LIGHT is imported once: a server with the hub's library is forked from the one with
    that alone, which is a new process.
    """

    def __init__(self, of_the_hub: tuple[tuple[str, str], ...]) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair()
        clean = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
        with theirs:
            number = theirs.fileno()
            words = ["tests.fork_server", str(number)]
            if of_the_hub is ADDRESSED:
                command = [sys.executable, "-m", *words, *LIGHT]
                self._process = subprocess.Popen(command, pass_fds=[number], env=clean, cwd=ROOT)
            else:
                self._ended, told = os.pipe()
                question = {
                    "how": "-m",
                    "words": [*words, *HUB],
                    "env": {**clean, **SILENT, **dict(of_the_hub)},
                    "cwd": str(ROOT),
                    "fds": [number],
                }
                _started(ADDRESSED).ask(question, [told, 0, 1, 2, number])
                os.close(told)
        atexit.register(self._socket.close)

    def ask(self, question: dict[str, Any], files: list[int]) -> int:
        """Fork a process; its number. Raises RuntimeError where the server has ended."""
        body = json.dumps(question).encode()
        with self._lock:
            socket.send_fds(self._socket, [len(body).to_bytes(4, "big")], files)
            self._socket.sendall(body)
            answer = self._socket.recv(4)
        if not answer:
            raise RuntimeError("the server of processes has ended: see above")
        return int.from_bytes(answer, "big")


ADDRESSED = (("HF_ENDPOINT", ""),)
SILENT = {"HF_HUB_DISABLE_TELEMETRY": "True"}
ASKED_OFTEN: set[str] = set()
"""Addresses of hubs which so many processes ask that the hub's library is worth a server."""


def _server(of_the_hub: tuple[tuple[str, str], ...]) -> _Server:
    address = dict(of_the_hub).get("HF_ENDPOINT")
    alone = address is not None and address not in ASKED_OFTEN
    return _started(ADDRESSED if alone else of_the_hub)


_started = cache(_Server)
