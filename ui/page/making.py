"""What the frame of the page asks: has the lake changed, what is being made; and the owner's acts.

Others than the owner on their own machine are told of the lake alone, and may do nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Protocol

from kn_assets.errors import KnError
from ui.arguments import Checked
from ui.context import Context
from ui.pack import to_json

ACTS = ("pause", "resume", "make", "cancel")


class Making(Protocol):
    """What makes things while the app is open (`kn_assets.launch.background.queue.Queue`)."""

    def state(self) -> dict[str, Any]: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def make(self, what: str, model: str) -> None: ...
    def cancel(self, name: str) -> None: ...
    def stand_aside(self) -> None: ...


def functions(context: Context) -> list[Callable[[dict[str, Any]], str]]:
    """What static/page/making.js calls."""

    def making_look(asked: dict[str, Any]) -> str:
        """`stamp`: another whenever a table was written; `making`: null, or its state."""
        return _answer(context)

    def making_act(asked: dict[str, Any]) -> str:
        """Do one of `ACTS`; gives what `making_look` does, or what went wrong in `error`."""
        try:
            _act(context, Checked(context, asked))
        except KnError as e:
            return to_json({"error": str(e)})
        return _answer(context)

    return [making_look, making_act]


def _answer(context: Context) -> str:
    database, making = context.database, context.making
    database.look()
    stamp = hashlib.blake2b(repr(database.stamp).encode(), digest_size=8).hexdigest()
    return to_json({"stamp": stamp, "making": making and making.state()})


def _act(context: Context, given: Checked) -> None:
    making = context.making
    if making is None:
        raise KnError("nothing can be made from this page: its owner's own machine alone may")
    act = given.choice("act", ACTS)
    if act == "pause":
        making.pause()
    elif act == "resume":
        making.resume()
    elif act == "make":
        making.make(given.text("what"), given.text("model"))
    else:
        making.cancel(given.text("name"))
