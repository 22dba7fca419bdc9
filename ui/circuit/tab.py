"""The tab Circuit: which units, at which tokens, carry an answer, and whether it is the fact's."""

from __future__ import annotations

from ui.arguments import Checked
from ui.circuit import own, view
from ui.circuit.promoted import promoted
from ui.context import Context
from ui.page.widgets import pane
from ui.rows import Answer
from ui.tab import Tab

_LARGEST = 1 << 31


def _circuit(context: Context, given: Checked) -> Answer:
    which = given.choice("circuit", view.CIRCUITS)
    return view.circuit(context.database, given.model, given.integer("fact", _LARGEST), which)


def _first(context: Context, given: Checked) -> Answer:
    return {"fact": view.first(context.database, given.model)}


def _promoted(context: Context, given: Checked) -> Answer:
    return promoted(context.database, given.model, given.text("nodes", own.LONGEST_NODES + 1))


TAB = Tab(
    id="circuit",
    title="Circuit",
    skeleton='<div class="kn-circuit">'
    + pane("cfacts", "Facts")
    + '<div class="kn-circuit-middle">'
    + pane("circuit", "The units that carry the answer")
    + pane("cunits", "The strongest units")
    + '</div><div class="kn-circuit-side">'
    + pane("curves", "What each further unit buys")
    + pane("cheads", "What heads bring")
    + pane("neuron", "The selected neuron")
    + "</div></div>",
    script="circuit/circuit.js",
    texts=(
        *("circuit", "units", "node", "changed"),
        *("own", "own_answer", "contrast", "contrast_answer"),
    ),
    styles=("circuit/circuit.css",),
    questions={"circuit": _circuit, "first_circuit": _first, "promoted": _promoted},
    jobs={"own_circuit": own.circuit, "change_units": own.change},
)
