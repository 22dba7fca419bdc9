"""The arguments of a question, as a browser sent them: checked before they are used."""

from __future__ import annotations

from kn_assets.errors import KnError
from ui.context import Context
from ui.rows import Answer

LONGEST_SEARCH = 200
LARGEST_PAGE = 500
LONGEST_OUTLINE = 50
LARGEST_NUMBER = 1e15
TARGETS = ("next", "answer", "token")


class Checked:
    """The arguments a browser sent: nothing in them is believed."""

    def __init__(self, context: Context, arguments: object) -> None:
        self._context = context
        self._given = arguments if isinstance(arguments, dict) else {}

    def has(self, name: str) -> bool:
        """Whether the argument was given, and isn't null."""
        return self._given.get(name) is not None

    def text(self, name: str, longest: int = LONGEST_SEARCH) -> str:
        value = self._given.get(name, "")
        if not isinstance(value, str):
            raise KnError(f"{name} must be a text")
        value = value[:longest]
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise KnError(f"{name} holds half a character: give the whole of it")
        return value

    def integer(self, name: str, below: int) -> int:
        value = self._given.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < below:
            raise KnError(f"{name} must be a whole number from 0 to {below - 1}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self._given.get(name, default)
        if not isinstance(value, bool):
            raise KnError(f"{name} must be true or false")
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

    def target(self, name: str) -> Answer | None:
        """A target token as `kn_assets.atlas.direct.targets` reads it; None where none is given."""
        value = self._given.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise KnError(f"{name} must name a kind of target")
        given = Checked(self._context, value)
        found: Answer = {"kind": given.choice("kind", TARGETS)}
        if found["kind"] == "token":
            if value.get("id") is not None:
                return {**found, "id": given.integer("id", 1 << 31)}
            found |= {"token": given.text("token"), "first": value.get("first") is True}
        return found

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
        for atlas in self._context.atlases():
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
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) <= LARGEST_NUMBER  # neither infinite nor NaN, and no integer of 400 digits
