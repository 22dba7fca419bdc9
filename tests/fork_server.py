"""The server of `tests.forked`: imports once, then forks a process for each question.

python -m tests.fork_server SOCKET MODULE ...
"""

from __future__ import annotations

import array
import atexit
import fcntl
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any


def _serve(number: int, modules: Sequence[str]) -> None:
    """Fork a process for each question until nobody is there who asks."""
    gc.disable()
    for module in modules:
        importlib.import_module(module)
    gc.freeze()  # so that those who are forked neither look through it nor copy it
    gc.enable()
    asks = socket.socket(fileno=number)
    woken, wake = os.pipe2(os.O_NONBLOCK)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    running: dict[int, int] = {}  # process: where its exit code is told
    while True:
        ready, _, _ = select.select([asks.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 1 << 12)
            while running and (ended := os.waitpid(-1, os.WNOHANG))[0]:
                told = running.pop(ended[0])
                code = array.array("i", [os.waitstatus_to_exitcode(ended[1])])
                with suppress(BrokenPipeError):  # nobody waits for it any more
                    os.write(told, code.tobytes())
                os.close(told)
        if asks.fileno() not in ready:
            continue
        size, files, _, _ = socket.recv_fds(asks, 4, 64)
        if not size:
            os._exit(0)
        body = b""
        while len(body) < int.from_bytes(size, "big"):
            body += asks.recv(1 << 16)
        sys.stdout.flush()
        pid = os.fork()
        if not pid:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for file in (asks.detach(), woken, wake, files[0], *running.values()):
                os.close(file)
            os._exit(_forked(json.loads(body), list(files[1:])))
        for file in files[1:]:
            os.close(file)
        running[pid] = files[0]
        asks.sendall(pid.to_bytes(4, "big"))


def _forked(question: dict[str, Any], files: list[int]) -> int:
    """In the process that was forked: do what is asked; its exit code."""
    high = [fcntl.fcntl(file, fcntl.F_DUPFD, 200) for file in files]
    for file in files:
        os.close(file)
    for file, number in zip(high, (0, 1, 2, *question["fds"]), strict=True):
        os.dup2(file, number, inheritable=True)
        os.close(file)
    os.environ.clear()
    os.environ.update(question["env"])
    os.chdir(question["cwd"])
    how, words = question["how"], question["words"]
    # What Python puts there, and what PYTHONPATH adds.
    first = {"-m": question["cwd"], "-c": ""}.get(how, str(Path(how).parent))
    sys.path[0:1] = [first, *filter(None, os.environ.get("PYTHONPATH", "").split(":"))]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run behind
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    code = _code(lambda: _work(how, words))
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    return code


def _work(how: str, words: list[str]) -> None:
    if how == "-m":
        sys.argv = words
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    elif how == "-c":
        sys.argv = ["-c", *words[1:]]
        main = sys.modules["__main__"] = type(sys)("__main__")
        exec(compile(words[0], "<string>", "exec"), main.__dict__)
    else:
        sys.argv = [how, *words]
        runpy.run_path(how, run_name="__main__")


def _code(work: Callable[[], None]) -> int:
    """The exit code that Python itself would give."""
    try:
        work()
    except SystemExit as e:
        if isinstance(e.code, int | None):
            return e.code or 0
        print(e.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    _serve(int(sys.argv[1]), sys.argv[2:])
