"""What the browser may ask, as JSON: quick questions, whose answers are remembered, and jobs.

All these calls are quick and skip Gradio's queue: jobs wait in a queue of their own, `ui.runs`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import duckdb

from kn_assets.database.database import Stamp
from kn_assets.database.views import tells_of_damage, unreadable
from kn_assets.errors import KnError
from ui.access import without_paths
from ui.arguments import Checked
from ui.ask.sheet import sheet
from ui.context import Context
from ui.pack import to_json
from ui.tab import Question, Tab

REMEMBERED = 64 << 20  # bytes of answers kept
OVERHEAD = 500  # what an answer takes beside its text, roughly

Arguments = dict[str, Any]
Key = tuple[str, bytes, Stamp]
log = logging.getLogger(__name__)


class Api:
    """The questions and jobs of one app with its `tabs`; safe to call from many threads."""

    def __init__(self, context: Context, tabs: Sequence[Tab] = ()) -> None:
        self.context = context
        self._questions: dict[str, Question] = {
            "atlases": lambda context, _: {"atlases": context.atlases()},
            "ask_sheet": sheet,
            **{name: question for tab in tabs for name, question in tab.questions.items()},
        }
        self._starters = {name: start for tab in tabs for name, start in tab.jobs.items()}
        self._memory: OrderedDict[Key, str] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def functions(self) -> list[Callable[[Arguments], str]]:
        """A function of one JSON object for each question, named as the browser calls it."""

        def bind(name: str) -> Callable[[Arguments], str]:
            def ask(arguments: Arguments) -> str:
                return self.ask(name, arguments)

            ask.__name__ = name
            return ask

        return [bind(name) for name in self._questions]

    def ask(self, name: str, arguments: object) -> str:
        """Answer a question as JSON text; what went wrong is said in `error`."""
        self.context.note_use()
        # Its hash, since a question may be longer than its answer.
        asked = hashlib.sha256(json.dumps(arguments, sort_keys=True).encode()).digest()
        key = (name, asked, self.context.database.stamp)
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        try:
            found = self._questions[name](self.context, Checked(self.context, arguments))
            answer = to_json(found)
        except KnError as e:
            return to_json({"error": self._said(e)})
        except duckdb.Error as e:
            if tells_of_damage(e):
                return to_json({"error": self._said(unreadable(self.context.database.lake, e))})
            return _failed(name)
        except Exception:  # else the page hears of a broken connection
            return _failed(name)
        if not _passing(name, arguments) and not found.get("waits"):
            self._remember(key, answer)
        return answer

    # -- jobs ------------------------------------------------------------------------------------

    def start(self, name: str, arguments: object, person: str) -> tuple[str | None, str]:
        """Start a person's job; gives its ticket, and its state as `look` does.

        No ticket where the job is over already: its result is known, or it can't be started.
        """
        self.context.note_use()
        try:
            if name not in self._starters:
                raise KnError(f"there is no job {name!r}")
            work = self._starters[name](self.context, Checked(self.context, arguments))
            if isinstance(work, dict):
                return None, to_json({"state": "done", "result": work})
            ticket = self.context.queue.start(work, person)
        except KnError as e:
            return None, to_json({"state": "failed", "error": self._said(e)})
        return ticket, self.look(ticket)

    def is_under_way(self, ticket: str) -> bool:
        """Whether a job that was just started is not over yet."""
        return self.context.queue.look(ticket)["state"] in ("waiting", "running")

    def look(self, ticket: str) -> str:
        """The state of a job as JSON text (see `ui.runs.queue.Queue.look`); `lost` where there is
        none, as after a restart of the app.
        """
        try:
            state = self.context.queue.look(ticket)
            told = {k: self._said(v) for k, v in state.items() if k in ("words", "error")}
            return to_json({"job": ticket, **state, **told})
        except KnError as e:
            return to_json({"state": "lost", "error": str(e)})

    def cancel(self, ticket: str) -> None:
        """Stop a job, unless someone else asked for it too."""
        self.context.queue.cancel(ticket)

    def _said(self, words: object) -> str:
        """What is told of a run or an error; to strangers without paths, which the log has."""
        if not self.context.shared:
            return str(words)
        told = without_paths(str(words))
        if isinstance(words, Exception) and told != str(words):
            log.warning("told without its paths: %s", words)
        return told

    # -- memory ----------------------------------------------------------------------------------

    def _remember(self, key: Key, answer: str) -> None:
        with self._lock:
            if (before := self._memory.pop(key, None)) is not None:
                self._size -= _size(before)
            self._size += _size(answer)
            self._memory[key] = answer
            while self._size > REMEMBERED:
                self._size -= _size(self._memory.popitem(last=False)[1])


def _size(answer: str) -> int:
    """Bytes that it takes: one character of another script makes all of a text take twice as many,
    and an emoji four times.
    """
    return sys.getsizeof(answer) + OVERHEAD


def _failed(name: str) -> str:
    """What is told of an error that isn't meant for people: the log has it."""
    log.exception("the view %s failed", name)
    words = f"the view {name} failed: this app's log says why, `kn doctor --deep` finds bad files"
    return to_json({"error": words})


def _passing(name: str, arguments: object) -> bool:
    """Whether the answer hangs on more than the lake's tables."""
    return name in ("can_run", "can_ask", "heads") or (
        isinstance(arguments, dict) and "live" in arguments
    )
