"""What the browser may ask: each question validated, answered by the views, remembered.

These calls skip Gradio's queue, so all of them are quick; SQL and live runs aren't among them.
"""

from __future__ import annotations

import json
import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import duckdb

from kn_assets.database.database import Database, Stamp
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from ui.explore import neuron as neuron_view
from ui.explore import prompt as views
from ui.json_text import to_json
from ui.rows import Answer
from ui.runs.live import Live
from ui.runs.queue import LIVE_ALONE, LiveLimits
from ui.runs.sql import ALONE, Limits, SqlTab

if TYPE_CHECKING:
    from ui.tab import Question, Tab

REMEMBERED = 64 << 20  # characters of answers kept
LONGEST_SEARCH = 200
LARGEST_PAGE = 500
LONGEST_OUTLINE = 200

Arguments = dict[str, Any]
log = logging.getLogger(__name__)


class Api:
    """The questions of one app over one lake; safe to call from many threads.

    `sql` and `live` do the longer work, within limits; `tabs` bring questions of their own.
    `close` it at the end.
    """

    def __init__(
        self,
        lake: Lake,
        tabs: Sequence[Tab] = (),
        limits: Limits = ALONE,
        live_limits: LiveLimits = LIVE_ALONE,
    ) -> None:
        self.database = Database(lake)
        self.sql = SqlTab(lake, limits)
        self.live = Live(lake, live_limits)
        self._questions = {**_QUESTIONS, **{k: q for tab in tabs for k, q in tab.questions.items()}}
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

        return [bind(name) for name in self._questions]

    def close(self) -> None:
        """End the processes that do the longer work."""
        self.sql.close()
        self.live.close()

    def ask(self, name: str, arguments: object) -> str:
        """Answer a question as JSON text; what went wrong is said in `error`."""
        self.database.look()
        key = (name, json.dumps(arguments, sort_keys=True), self.database.stamp)
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        try:
            found = self._questions[name](self, Checked(self, arguments))
            answer = to_json(found)
        except KnError as e:
            return to_json({"error": str(e)})
        except duckdb.Error as e:
            log.exception("the view %s failed", name)
            return to_json({"error": f"the view {name} failed: {e}"})
        if not _passing(name, arguments) and not found.get("waits"):
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


class Checked:
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

    def number(self, name: str, low: float, high: float) -> float:
        value = self._given.get(name)
        if not _is_number(value) or not low <= value <= high:  # type: ignore[operator]
            raise KnError(f"{name} must be a number from {low:g} to {high:g}")
        return float(value)  # type: ignore[arg-type]

    def pairs(self, name: str, most: int) -> list[list[int]]:
        """Pairs of whole numbers, one at least."""
        value = self._given.get(name)
        pairs = value if isinstance(value, list) and 0 < len(value) <= most else []
        whole = [p for p in pairs if isinstance(p, list) and [type(v) for v in p] == [int, int]]
        if not pairs or len(whole) < len(pairs):
            raise KnError(f"{name} must be 1 to {most} pairs of whole numbers")
        return whole

    def outline(self) -> list[tuple[float, float]]:
        """The corners of a figure on the map, three at least."""
        value = self._given.get("outline")
        pairs = value if isinstance(value, list) and 3 <= len(value) <= LONGEST_OUTLINE else []
        corners = [
            (float(p[0]), float(p[1]))
            for p in pairs
            if isinstance(p, list) and len(p) == 2 and all(_is_number(v) for v in p)
        ]
        if not pairs or len(corners) < len(pairs):
            raise KnError(f"outline must be 3 to {LONGEST_OUTLINE} pairs of numbers")
        return corners

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
    def neuron(self) -> tuple[str, int, int]:
        """A model of the lake, and a layer and a neuron that it has."""
        atlas = self.atlas
        layer = self.integer("layer", atlas["n_layers"])
        return str(atlas["model"]), layer, self.integer("neuron", atlas["n_neurons"])

    @property
    def prompt(self) -> int:
        return self.integer("prompt", 1 << 31)


def _is_number(value: object) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and math.isfinite(value)  # type: ignore[arg-type]


def _atlases(api: Api, _: Checked) -> Answer:
    return views.atlases(api.database)


def _search(api: Api, given: Checked) -> Answer:
    offset, limit = given.integer("offset", 1 << 31), given.integer("limit", LARGEST_PAGE + 1)
    return views.search(api.database, given.model, given.text("text"), offset, limit)


def _concepts(api: Api, given: Checked) -> Answer:
    return views.concepts(api.database, given.model, given.text("text"))


def _has_prompt(api: Api, given: Checked) -> Answer:
    return views.has_prompt(api.database, given.model, given.prompt)


def _prompt(api: Api, given: Checked) -> Answer:
    atlas = given.atlas
    return views.prompt(api.database, atlas["model"], given.prompt, atlas["n_layers"])


def _neuron(api: Api, given: Checked) -> Answer:
    (model, layer, neuron), run = given.neuron, given.text("live")
    found = neuron_view.neuron(api.database, model, None if run else given.prompt, layer, neuron)
    if run:
        try:
            found["attention"] = api.live.attention(run, layer, neuron)
        except KnError as e:
            found["missing"]["attention"] = str(e)
    return found


def _passing(name: str, arguments: object) -> bool:
    """Whether the answer hangs on more than the lake's tables."""
    return name in ("can_run", "lens", "head", "heads") or (
        isinstance(arguments, dict) and "live" in arguments
    )


_QUESTIONS: dict[str, Question] = {
    "atlases": _atlases,
    "search": _search,
    "concepts": _concepts,
    "has_prompt": _has_prompt,
    "prompt": _prompt,
    "neuron": _neuron,
}
