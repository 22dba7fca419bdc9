"""A circuit of one's own sentence, and sets of units changed at will: what the page may ask."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from kn_assets.errors import KnError
from kn_assets.knowledge.circuits.units import Kind
from ui.arguments import Checked
from ui.context import Context
from ui.rows import Answer, missing_tables, rows
from ui.runs.job import Job, Work

DO = ("screen", "measure")
HOW = ("patch", "zero", "mean")
MOST_UNITS = 300
_LARGEST = 1 << 31
LONGEST_NODES = 8_000  # characters
_NODE = re.compile(r"([nh])(\d{1,4})\.(\d{1,6})\.(\d{1,4})")  # layer, unit, position
_KINDS: dict[str, Kind] = {"n": "neuron", "h": "head"}
_HAS = (
    "SELECT count(*) AS n FROM contrasts "
    "WHERE model = $1 AND fact_id = $2 AND prompt_fact_id = $2 AND purpose = 'choose'"
)


def circuit(context: Context, given: Checked) -> Work:
    """The circuit of a sentence beside a contrast: estimates and curves, or single effects too."""
    asked = {**_sentence(context, given), "key": given.model, "do": given.choice("do", DO)}
    work = context.live.circuit(asked)

    def do(job: Job) -> Answer:
        try:
            return work.do(job)
        finally:
            context.database.refresh()  # a question that comes at once is to see what was kept

    return replace(work, do=do)


def change(context: Context, given: Checked) -> Work:
    """Units of a sentence, or of a fact's stored circuit, patched or ablated together."""
    asked: dict[str, Any] = {"key": given.model, "do": "change"}
    if given.text("sentence"):
        asked |= _sentence(context, given)
    else:
        asked["fact"] = given.integer("fact", _LARGEST)
        if (
            missing_tables(context.database, given.model, "contrasts")
            or not (rows(context.database, _HAS, given.model, asked["fact"])[0]["n"])
        ):
            raise KnError(f"fact {asked['fact']} has no circuit here, so nothing to change")
    asked["how"] = given.choice("how", HOW)
    asked["units"] = units(given.text("nodes", LONGEST_NODES + 1))
    return context.live.circuit(asked)


def _sentence(context: Context, given: Checked) -> dict[str, Any]:
    limits = context.live.limits
    longest = limits.characters + 1
    return {
        "text": context.live.checked(given.text("sentence", longest)),
        "contrast": context.live.checked(given.text("contrast", longest)),
        "answer": given.text("answer"),
        "contrast_answer": given.text("contrast_answer"),
        "longest": limits.tokens,
        "keep": limits.keeps,
    }


def units(nodes: str) -> list[list[Any]]:
    """[kind, layer, position, unit] each, of units as the page's address names them: "n3.1042.4".

    Raises KnError where one is no such name, and for none or more than `MOST_UNITS`.
    """
    names = nodes.split(",")
    found = [_NODE.fullmatch(name) for name in names[: MOST_UNITS + 1]]
    if len(nodes) > LONGEST_NODES or len(names) > MOST_UNITS or not all(found):
        raise KnError(f"nodes must be 1 to {MOST_UNITS} units such as n3.1042.4, with commas")
    return [
        [_KINDS[one[1]], int(one[2]), int(one[4]), int(one[3])] for one in found if one is not None
    ]
