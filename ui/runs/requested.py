"""Work on request whose answer the page looks for again and again until it is there.

One piece of work at a time, in the order asked for; who asks for the same shares it, and what
nobody looks for any more is not begun.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Executor, Future
from typing import Any

from kn_assets.errors import KnError
from kn_assets.live.process import Tell
from ui.rows import Answer

FORGOTTEN_S = 5.0  # without anybody looking, before work is dropped
REMEMBERED = 64  # pieces of work, done ones with what they gave


class Requested:
    """The work asked for of one app; safe to call from several threads."""

    def __init__(self, one_at_a_time: Executor, waiting: int) -> None:
        self._executor, self._waiting = one_at_a_time, waiting
        self._work: OrderedDict[Hashable, _Work] = OrderedDict()
        self._lock = threading.Lock()

    def ask(
        self, name: Hashable, do: Callable[[Tell], Any], told: Callable[[Any], Answer]
    ) -> Answer:
        """What `told` makes of what `do` gives, or how far that is, in `waits`.

        `waits` holds `before`, what is done first; `words`, `done`, `of`, how far it is. Raises
        KnError where `do` did, or where too much waits already.
        """
        with self._lock:
            if name not in self._work:
                under_way = sum(not w.future.done() for w in self._work.values())
                if under_way > self._waiting:
                    raise KnError(f"{under_way} requests are waiting already: try again later")
                self._work[name] = work = _Work()
                work.future = self._executor.submit(work.run, do)
                while len(self._work) > REMEMBERED:
                    self._work.popitem(last=False)
            work = self._work[name]
            self._work.move_to_end(name)
            work.looked_for = time.monotonic()
            if not work.future.done():
                before = sum(not w.future.done() for w in self._work.values() if w is not work)
                return {"waits": {"before": 0 if work.begun else before, **work.told}}
        try:
            return told(work.future.result())
        except (KnError, CancelledError) as e:
            with self._lock:  # asked for again, it is tried again
                self._work.pop(name, None)
            if isinstance(e, _ForgottenError):
                return {"waits": {"before": 0, **work.told}}
            raise KnError(str(e) or "the app is closing") from e


class _ForgottenError(KnError):
    """Nobody has looked for the work for a while."""


class _Work:
    future: Future[Any]

    def __init__(self) -> None:
        self.looked_for = time.monotonic()
        self.begun = False
        self.told: Answer = {"words": "", "done": 0, "of": 0}

    def run(self, do: Callable[[Tell], Any]) -> Any:
        if time.monotonic() - self.looked_for > FORGOTTEN_S:
            raise _ForgottenError
        self.begun = True
        return do(self._tell)

    def _tell(self, words: str, done: int, of: int) -> None:
        self.told = {"words": words, "done": done, "of": of}
