"""What the browser may ask: each question validated, answered by the views, remembered.

These calls skip Gradio's queue, so all of them are quick; SQL isn't among them. An answer is JSON
text, since Gradio walks through every value of a structured answer.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import duckdb

from kn_assets.database import Database, Stamp
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from ui import map_view, neuron_view, views
from ui.questions import sql_help
from ui.rows import Answer

REMEMBERED = 64 << 20  # characters of answers kept
LONGEST_SEARCH = 200
LARGEST_PAGE = 500

Arguments = dict[str, Any]
log = logging.getLogger(__name__)


class Api:
    """The questions of one app over one lake; safe to call from many threads."""

    def __init__(self, lake: Lake) -> None:
        self.database = Database(lake)
        self._memory: OrderedDict[tuple[str, str, Stamp], str] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def functions(self) -> list[Callable[[Arguments], str]]:
        """A function of one JSON object for each question, named as the browser calls it."""

        def bind(name: str) -> Callable[[Arguments], str]:
            def ask(arguments: Arguments) -> str:
                return self.ask(name, arguments)

            ask.__name__ = name
            return ask

        return [bind(name) for name in _QUESTIONS]

    def ask(self, name: str, arguments: object) -> str:
        """Answer a question as JSON text; what went wrong is said in `error`."""
        self.database.refresh()
        key = (name, json.dumps(arguments, sort_keys=True), self.database.stamp)
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        try:
            answer = to_json(_QUESTIONS[name](self, _Checked(self, arguments)))
        except KnError as e:
            return to_json({"error": str(e)})
        except duckdb.Error as e:
            log.exception("the view %s failed", name)
            return to_json({"error": f"the view {name} failed: {e}"})
        self._remember(key, answer)
        return answer

    def _remember(self, key: tuple[str, str, Stamp], answer: str) -> None:
        with self._lock:
            self._size += len(answer) - len(self._memory.pop(key, ""))
            self._memory[key] = answer
            while self._size > REMEMBERED:
                self._size -= len(self._memory.popitem(last=False)[1])

    def atlases(self) -> list[Answer]:
        """The lake's atlases with their sizes."""
        found: list[Answer] = json.loads(self.ask("atlases", {}))["atlases"]
        return found


def to_json(answer: object) -> str:
    """JSON as every browser reads it, without markup. Raises ValueError on infinities and NaN."""
    text = json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


class _Checked:
    """The arguments a browser sent: nothing in them is believed."""

    def __init__(self, api: Api, arguments: object) -> None:
        self._api = api
        self._given = arguments if isinstance(arguments, dict) else {}

    def text(self, name: str, longest: int = LONGEST_SEARCH) -> str:
        value = self._given.get(name, "")
        if not isinstance(value, str):
            raise KnError(f"{name} must be a text")
        return value[:longest]

    def integer(self, name: str, below: int) -> int:
        value = self._given.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < below:
            raise KnError(f"{name} must be a whole number from 0 to {below - 1}")
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self._given.get(name)
        if value not in choices:
            raise KnError(f"{name} must be one of {', '.join(choices)}")
        return str(value)

    def box(self) -> tuple[float, ...]:
        value = self._given.get("box")
        numbers = isinstance(value, list) and all(
            isinstance(v, int | float) and not isinstance(v, bool) for v in value
        )
        if not isinstance(value, list) or not numbers or len(value) != 4:
            raise KnError("box must be four numbers")
        return tuple(float(v) for v in value)

    @property
    def atlas(self) -> Answer:
        model = self.text("model")
        for atlas in self._api.atlases():
            if atlas["model"] == model:
                return atlas
        raise KnError(f"there is no atlas {model!r} in this lake")

    @property
    def model(self) -> str:
        return str(self.atlas["model"])

    @property
    def prompt(self) -> int:
        return self.integer("prompt", 1 << 31)


def _atlases(api: Api, _: _Checked) -> Answer:
    return views.atlases(api.database)


def _search(api: Api, given: _Checked) -> Answer:
    offset, limit = given.integer("offset", 1 << 31), given.integer("limit", LARGEST_PAGE + 1)
    return views.search(api.database, given.model, given.text("text"), offset, limit)


def _has_prompt(api: Api, given: _Checked) -> Answer:
    return views.has_prompt(api.database, given.model, given.prompt)


def _prompt(api: Api, given: _Checked) -> Answer:
    atlas = given.atlas
    return views.prompt(api.database, atlas["model"], given.prompt, atlas["n_layers"])


def _neuron(api: Api, given: _Checked) -> Answer:
    atlas = given.atlas
    return neuron_view.neuron(
        api.database,
        atlas["model"],
        given.prompt,
        given.integer("layer", atlas["n_layers"]),
        given.integer("neuron", atlas["n_neurons"]),
    )


def _points(api: Api, given: _Checked) -> Answer:
    kind = given.choice("kind", ("neurons", "prompts"))
    return map_view.points(api.database, given.model, kind)


def _selection(api: Api, given: _Checked) -> Answer:
    kind = given.choice("kind", ("neurons", "prompts"))
    return map_view.selection(api.database, given.model, kind, given.box())


def _sql_help(api: Api, given: _Checked) -> Answer:
    return sql_help(api.database, given.model)


_QUESTIONS: dict[str, Callable[[Api, _Checked], Answer]] = {
    "atlases": _atlases,
    "search": _search,
    "has_prompt": _has_prompt,
    "prompt": _prompt,
    "neuron": _neuron,
    "points": _points,
    "selection": _selection,
    "sql_help": _sql_help,
}
