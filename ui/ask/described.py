"""What descriptions by rule say: of one neuron, and which neurons a text describes."""

from __future__ import annotations

from kn_assets.database.database import Database
from ui.ask.line import Line, call, neuron_words, percent, plural
from ui.rows import Answer, rows

NEURONS = 5
_HALVES = {1: "positive", -1: "negative"}
_OF_TOKENS = ("token", "2-gram", "3-gram", "after", "before")


def search(model: str, text: str) -> str:
    """The query for the neurons whose rules have the words of a text in them."""
    return call("search_descriptions", model, text, NEURONS)


def described_lines(model: str, text: str, found: list[Answer]) -> list[Line]:
    """A line of each row of `search`: the neuron, its rule, how surely it holds."""
    return [
        Line(
            f"{neuron_words(row)}, {_HALVES[row['sign']]} half: {row['rule']}",
            _figures(row),
            page(row["layer"], row["neuron"]),
            search(model, text),
        )
        for row in found
    ]


def rule_lines(database: Database, model: str, layer: int, neuron: int) -> list[Line]:
    """The best rule of each half of a neuron, and the way to its page."""
    sql = call("neuron_rules", model, layer, neuron)
    lines = [
        Line(f"Its {_HALVES[row['sign']]} half fires {row['rule']}", _figures(row), None, sql)
        for row in rows(database, f"{sql} WHERE rank = 1 AND kind <> 'none'")
    ]
    what = "both halves, what follows its firings, lift, facts, nearest neurons"
    return [*lines, Line("The whole page of this neuron", what, page(layer, neuron), None)]


def page(layer: int, neuron: int) -> Answer:
    """A neuron's page, over the tab on screen."""
    return {"whole": "neuron", "layer": layer, "neuron": neuron}


def _figures(row: Answer) -> str:
    unit = "token" if row["kind"] in _OF_TOKENS else "prompt"
    return (
        f"precision {percent(row['precision'])}, at least {percent(row['precision_low'])}; recall "
        f"{percent(row['recall'])}, at least {percent(row['recall_low'])}; base rate "
        f"{percent(row['base_rate'])} · n = {plural(row['n'], f'held-out {unit}')}"
    )
