"""The tab Map: neurons or prompts in the plane, beside the selected one."""

from __future__ import annotations

from ui.arguments import Checked
from ui.context import Context
from ui.map import view
from ui.page.widgets import pane
from ui.rows import Answer
from ui.tab import Tab

KINDS = ("neurons", "prompts")


def _points(context: Context, given: Checked) -> Answer:
    kind = given.choice("kind", KINDS)
    return view.points(context.database, given.model, kind)


def _selection(context: Context, given: Checked) -> Answer:
    kind, outline = given.choice("kind", KINDS), given.outline()
    with context.selections.turn():
        return view.selection(context.database, given.model, kind, outline)


def _found(context: Context, given: Checked) -> Answer:
    kind = given.choice("kind", KINDS)
    return view.found(context.database, given.model, kind, given.text("words"))


TAB = Tab(
    id="map",
    title="Map",
    skeleton='<div class="kn-map">'
    + pane("map", "Map")
    + '<div class="kn-beside">'
    + pane("mchosen", "What is chosen on the map")
    + pane("neuron", "The selected neuron")
    + pane("mprompt", "The selected prompt")
    + "</div></div>",
    script="map/map.js",
    texts=("map", "colour", "place", "cluster", "find", "region", "layers", "rate", "silent"),
    styles=("map/map.css",),
    questions={
        "points": _points,
        "selection": _selection,
        "found": _found,
        "map_prompt": lambda context, given: view.prompt(
            context.database, given.model, given.prompt
        ),
    },
)
