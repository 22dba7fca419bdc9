"""The tab Explore: the prompts, one prompt by layer and token, one neuron; and any text, live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.rows import Answer
from ui.tab import Event, Tab
from ui.widgets import pane

if TYPE_CHECKING:
    from ui.api import Api, Checked

_WATCHING = 40  # runs that are waited for; one at a time is run

_MOST_HEADS = 1 << 16


def _head(api: Api, given: Checked) -> Answer:
    atlas = given.atlas
    text = given.text("text", api.live.limits.characters + 1)
    layer, head = given.integer("layer", atlas["n_layers"]), given.integer("head", _MOST_HEADS)
    return api.live.head(atlas["model"], text or given.prompt, layer, head)


TAB = Tab(
    id="explore",
    title="Explore",
    skeleton='<div class="kn-explore">'
    + pane("cities", "Prompts")
    + pane("prompt", "The prompt's neurons by layer")
    + pane("neuron", "The selected neuron")
    + "</div>",
    scripts=("requested.js", "cities.js", "live.js", "lens_rows.js", "heatmap.js", "explore.js"),
    styles=("explore.css",),
    questions={
        "can_run": lambda api, given: {"missing": api.live.missing(given.model)},
        "lens": lambda api, given: api.live.lens(given.model, given.prompt),
        "heads": lambda api, given: api.live.heads(given.model),
        "head": _head,
    },
    events={"live": Event(lambda api, asked, user: api.live.run(asked, user), _WATCHING)},
)
