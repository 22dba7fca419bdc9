"""Live runs in a process of their own.

torch and the weights, over 1 GB, are there only while someone uses them: the process starts with
the first run and ends after some idle minutes. A run that takes too long is killed, a crash or the
kernel's want of memory takes this process and not the server, and neither Python's lock nor the
cores are kept from who clicks meanwhile, since it runs at low priority.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kn_assets.database.sandbox import receive, send
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.lake import model as partition
from kn_assets.progress import Bar, Progress

if TYPE_CHECKING:
    from kn_assets.live.prompt import LivePrompt

IDLE_S = 600.0
Tell = Callable[[str, int, int], None]
"""Told of words such as `layer`, how many are done, and of how many (0: not known)."""


class LiveProcess:
    """Runs texts through the models of a lake's atlases, one at a time. `close` it at the end."""

    def __init__(self, lake: Lake, idle_s: float = IDLE_S) -> None:
        self._lake, self._idle_s = lake, idle_s
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def run(
        self, key: str, text: str, longest: int | None, timeout_s: float, tell: Tell
    ) -> LivePrompt:
        """As `live.model.LiveModel.run` on the atlas `key`; loads its model first.

        Raises KnError as `ask`.
        """
        from kn_assets.live.prompt import LivePrompt

        question = {"kind": "prompt", "key": key, "text": text, "longest": longest}
        return LivePrompt.from_bytes(self.ask(question, timeout_s, tell))

    def ask(self, question: dict[str, Any], timeout_s: float, tell: Tell) -> bytes:
        """What the work of a `kind` (see `_worker`) answers to a question about the atlas `key`.

        Raises KnError as that does, and where it takes longer than `timeout_s`.
        """
        from kn_assets.live.model import plan_of

        plan_of(self._lake, question["key"])  # before a process starts for nothing
        with self._lock:
            process = self._asked(json.dumps(question).encode())
            killed = threading.Event()

            def kill() -> None:
                killed.set()
                process.kill()

            timer = threading.Timer(timeout_s, kill)
            timer.start()
            assert process.stdout is not None
            try:
                while True:
                    told = json.loads(receive(process.stdout))
                    if "words" in told:
                        tell(told["words"], told["done"], told["of"])
                    elif "error" in told:
                        raise KnError(told["error"])
                    else:
                        return receive(process.stdout)
            except EOFError as e:
                self._stop()
                if killed.is_set():
                    raise KnError(
                        f"this run took longer than {timeout_s:g} s and was stopped: give a "
                        "shorter text"
                    ) from e
                raise KnError(
                    "the process that runs the model ended, perhaps for want of memory: give a "
                    "shorter text or free some memory"
                ) from e
            finally:
                timer.cancel()

    def _asked(self, question: bytes) -> subprocess.Popen[bytes]:
        """The process, once it was sent the question: another where it has ended idle."""
        for _ in range(2):
            if self._process is None:
                self._process = _start(self._lake, self._idle_s)
            assert self._process.stdin is not None
            try:
                send(self._process.stdin, question)
            except BrokenPipeError:
                self._stop()
            else:
                return self._process
        raise KnError("the process that runs the model doesn't start: see the messages above")

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()

    def close(self) -> None:
        """End the process, and with it a run that is under way."""
        process = self._process
        if process is not None:
            process.kill()
        with self._lock:
            self._stop()


def _start(lake: Lake, idle_s: float) -> subprocess.Popen[bytes]:
    # What is on this machine is all that a run may use: nobody's text starts a download.
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "0"}
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", "kn_assets.live.process", str(lake.root), str(idle_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **offline, "PYTHONPATH": path},
    )


# -- the other side --------------------------------------------------------------------------------


def main(root: str, idle_s: float) -> None:
    """Answer on standard output until standard input ends, or nobody asks for `idle_s`."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    os.nice(10)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    lake, progress = Lake(root), _Told(lambda **told: send(answers, json.dumps(told).encode()))
    held: dict[str, tuple[object, Any]] = {}
    while select.select([sys.stdin.buffer], [], [], idle_s)[0]:
        try:
            asked = json.loads(receive(sys.stdin.buffer))
        except EOFError:
            return
        kind = asked["kind"]
        try:
            made = asked["key"], (lake.meta(partition(asked["key"]), "thresholds") or {})
            if kind not in held or held[kind][0] != made:
                held.pop(kind, None)
                progress.say("loading the model")
                held[kind] = made, _worker(kind).of(lake, asked["key"], progress)
            found = held[kind][1].answer(asked, progress)
        except KnError as e:
            send(answers, json.dumps({"error": str(e)}).encode())
            continue
        send(answers, b"{}")
        send(answers, found)


def _worker(kind: str) -> Any:
    """The class that answers questions of a kind: with `of` and `answer` as `LiveModel`'s."""
    from kn_assets.live.atlas import LiveAtlas
    from kn_assets.live.knowledge import LiveKnowledge
    from kn_assets.live.model import LiveModel

    return {"prompt": LiveModel, "atlas": LiveAtlas, "knowledge": LiveKnowledge}[kind]


class _Told(Progress):
    """Progress that is sent to who asked."""

    def __init__(self, told: Callable[..., None]) -> None:
        self._told = told

    @contextmanager
    def bar(self, title: str, total: int, unit: str = "it", done: int = 0) -> Iterator[Bar]:
        yield _Steps(self._told, unit, total)

    def say(self, text: str) -> None:
        self._told(words=text, done=0, of=0)


class _Steps:
    def __init__(self, told: Callable[..., Any], unit: str, total: int) -> None:
        self._told, self._unit, self._total, self._done = told, unit, total, 0

    def advance(self, n: int = 1) -> None:
        self._done += n
        self._told(words=self._unit, done=self._done, of=self._total)

    def note(self, text: str) -> None:
        pass


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
