"""Live runs in a process of their own.

torch and the weights, over 1 GB, are there only while someone uses them: the process starts with
the first run and ends after some idle minutes. A run that takes too long is killed, one that is
cancelled stops at the next layer, a crash or the kernel's want of memory takes this process and not
the server, and neither Python's lock nor the cores are kept from who clicks meanwhile, since it
runs at low priority.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.lake import model as partition
from kn_assets.processes import Child, Tell, serve
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.live.prompt import LivePrompt

IDLE_S = 600.0
LOAD_S = 600.0
"""For the model to be loaded, which isn't of the run's time: on a busy machine a run that is killed
while it loads would leave all of it to the next one, which is killed as well."""
STOP_S = 5.0  # for a cancelled run to reach its next layer, before the process is killed


class LiveProcess:
    """Runs texts through the models of a lake's atlases, one at a time. `close` it at the end."""

    def __init__(self, lake: Lake, idle_s: float = IDLE_S) -> None:
        self._lake = lake
        # What is on this machine is all that a run may use: nobody's text starts a download.
        offline = dict.fromkeys(("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"), "1")
        self._child = Child(
            "kn_assets.live.process",
            [str(lake.root), str(idle_s)],
            {**os.environ, **offline, "TOKENIZERS_PARALLELISM": "0"},
            patience_s=STOP_S,
        )

    def run(
        self,
        key: str,
        text: str,
        longest: int | None,
        timeout_s: float,
        tell: Tell,
        stop: threading.Event | None = None,
    ) -> LivePrompt:
        """As `live.model.LiveModel.run` on the atlas `key`; loads its model first.

        Raises as `ask`.
        """
        from kn_assets.live.prompt import LivePrompt

        question = {"kind": "prompt", "key": key, "text": text, "longest": longest}
        return LivePrompt.from_bytes(self.ask(question, timeout_s, tell, stop))

    def ask(
        self,
        question: dict[str, Any],
        timeout_s: float,
        tell: Tell,
        stop: threading.Event | None = None,
    ) -> bytes:
        """What the work of a `kind` (see `_worker`) answers to a question about the atlas `key`.

        Raises KnError as that does, and where it takes longer than `timeout_s`; Stopped once `stop`
        is set.
        """
        from kn_assets.live.model import plan_of

        plan_of(self._lake, question["key"])  # before a process starts for nothing
        try:
            head, body = self._child.ask(question, timeout_s, tell, stop, LOAD_S)
        except TimeoutError as e:
            raise KnError(
                f"this run took longer than {timeout_s:g} s and was stopped: give a shorter text"
            ) from e
        except EOFError as e:
            raise KnError(
                "the process that runs the model ended, perhaps for want of memory: give a "
                "shorter text or free some memory"
            ) from e
        if "error" in head:
            raise KnError(head["message"])
        return body

    def close(self) -> None:
        """End the process, and with it a run that is under way."""
        self._child.close()


# -- the other side --------------------------------------------------------------------------------


def main(connection: str, root: str, idle_s: float) -> None:
    """Answer until the server has gone, or nobody asks for `idle_s`."""
    os.nice(10)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    lake = Lake(root)
    held: dict[str, tuple[tuple[str, object], Any]] = {}

    def answer(asked: dict[str, Any], progress: Progress) -> tuple[dict[str, Any], bytes]:
        kind = asked["kind"]
        made = asked["key"], (lake.meta(partition(asked["key"]), "thresholds") or {})
        if kind not in held or held[kind][0] != made:
            held.pop(kind, None)
            if any(other[0] != asked["key"] for other, _ in held.values()):
                from kn_assets.live.float32 import forget

                held.clear()  # another atlas' models and passes
                forget()
            progress.say("loading the model")
            held[kind] = made, _worker(kind).of(lake, asked["key"], progress)
        progress.prepared()
        return {}, held[kind][1].answer(asked, progress)

    serve(connection, answer, idle_s)


def _worker(kind: str) -> Any:
    """The class that answers questions of a kind: with `of` and `answer` as `LiveModel`'s."""
    from kn_assets.live.atlas import LiveAtlas
    from kn_assets.live.circuits import LiveCircuits
    from kn_assets.live.direct import LiveDirect
    from kn_assets.live.knowledge import LiveKnowledge
    from kn_assets.live.model import LiveModel

    return {
        "prompt": LiveModel,
        "atlas": LiveAtlas,
        "circuits": LiveCircuits,
        "knowledge": LiveKnowledge,
        "direct": LiveDirect,
    }[kind]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
