"""The tab Explore: the prompts, one prompt by layer and token, one neuron; and any text, live."""

from __future__ import annotations

from ui.tab import Event, Tab
from ui.widgets import pane

_WATCHING = 40  # runs that are waited for; one at a time is run

TAB = Tab(
    id="explore",
    title="Explore",
    skeleton='<div class="kn-explore">'
    + pane("cities", "Prompts")
    + pane("prompt", "The prompt's neurons by layer")
    + pane("neuron", "The selected neuron")
    + "</div>",
    scripts=("cities.js", "live.js", "heatmap.js", "explore.js"),
    styles=("explore.css",),
    questions={"can_run": lambda api, given: {"missing": api.live.missing(given.model)}},
    events={"live": Event(lambda api, asked, user: api.live.run(asked, user), _WATCHING)},
)
