"""The tab Explore: the prompts, one prompt by layer and token, one neuron; and any text, live."""

from __future__ import annotations

from kn_assets.atlas.lens.readings import OTHER_LENSES
from kn_assets.errors import KnError
from ui.arguments import LARGEST_PAGE, Checked
from ui.ask.readings import neuron_named
from ui.context import Context
from ui.explore import lenses, neuron_page, unusual
from ui.explore import neuron as neuron_view
from ui.explore import prompt as view
from ui.page.widgets import pane
from ui.rows import Answer
from ui.runs.job import Work
from ui.tab import Tab

_MOST_HEADS = 1 << 16


def _search(context: Context, given: Checked) -> Answer:
    offset, limit = given.integer("offset", 1 << 31), given.integer("limit", LARGEST_PAGE + 1)
    return view.search(context.database, given.model, given.text("text"), offset, limit)


def _concepts(context: Context, given: Checked) -> Answer:
    """The neurons that mark what a text names, and the one that it names by its number."""
    atlas, text = given.atlas, given.text("text")
    return {
        **view.concepts(context.database, atlas["model"], text),
        "neuron": _numbered(atlas, neuron_named(text)),
    }


def _numbered(atlas: Answer, named: tuple[int, int] | None) -> Answer | None:
    """A neuron with the size of its atlas, so that the page can say that there is no such one."""
    if named is None:
        return None
    layer, neuron = named
    has = layer < atlas["n_layers"] and neuron < atlas["n_neurons"]
    return {"layer": layer, "neuron": neuron, "has": has}


def _has_prompt(context: Context, given: Checked) -> Answer:
    return view.has_prompt(context.database, given.model, given.prompt)


def _prompt(context: Context, given: Checked) -> Answer:
    atlas = given.atlas
    return view.prompt(context.database, atlas["model"], given.prompt, atlas["n_layers"])


def _neuron(context: Context, given: Checked) -> Answer:
    (model, layer, neuron), run = given.neuron, given.text("live")
    found = neuron_view.neuron(
        context.database, model, None if run else given.prompt, layer, neuron
    )
    if run:
        try:
            found["attention"] = context.live.attention(run, layer, neuron)
        except KnError as e:
            found["missing"]["attention"] = str(e)
    return found


def _neuron_page(context: Context, given: Checked) -> Answer:
    return neuron_page.page(context.database, *given.neuron)


def _neuron_near(context: Context, given: Checked) -> Answer:
    return neuron_page.near(context.database, *given.neuron)


def _unusual(context: Context, given: Checked) -> Answer:
    if not (run := given.text("live")):
        return unusual.of_prompt(context.database, given.model, given.prompt)
    atlas = given.atlas
    fired = context.live.fired(run, atlas["n_layers"])
    return unusual.of_values(context.database, atlas["model"], atlas["n_prompts"], *fired)


def _always_on(context: Context, given: Checked) -> Answer:
    return unusual.always_on(context.database, given.model)


def _text(context: Context, given: Checked) -> Work | Answer:
    text = given.text("text", context.live.limits.characters + 1)
    return context.live.text(given.model, text)


def _head(context: Context, given: Checked) -> Work:
    atlas = given.atlas
    text = given.text("text", context.live.limits.characters + 1)
    layer, head = given.integer("layer", atlas["n_layers"]), given.integer("head", _MOST_HEADS)
    return context.live.head(atlas["model"], text or given.prompt, layer, head)


def _reading(context: Context, given: Checked) -> Work | Answer:
    atlas, of = given.atlas, _of(context, given)
    model, lens = atlas["model"], given.choice("through", OTHER_LENSES)
    lenses.check_has(context.database, model, lens)
    if isinstance(of, int):
        found = lenses.stored(context.database, model, of, atlas["n_layers"], lens)
        if found:
            return {"lens": found}
    return context.live.reading(model, of, lens)


def _of(context: Context, given: Checked) -> int | str:
    """The prompt, or the text, that a live question is about."""
    return given.text("text", context.live.limits.characters + 1) or given.prompt


def _targets(given: Checked) -> Answer:
    return {
        "target": given.target("target") or {"kind": "next"},
        "against": given.target("against"),
    }


def _target(context: Context, given: Checked) -> Work:
    atlas, of = given.atlas, _of(context, given)

    def fired() -> Answer:
        return view.fired(context.database, atlas["model"], of) if isinstance(of, int) else {}

    asked = {**_targets(given), "lens": given.flag("lens", True)}
    return context.live.target(atlas["model"], of, asked, fired, atlas["n_layers"])


def _reads(context: Context, given: Checked) -> Work:
    (model, layer, neuron), of = given.neuron, _of(context, given)
    where = {"layer": layer, "neuron": neuron, "position": given.integer("position", 1 << 31)}
    return context.live.reads(model, of, {**where, **_targets(given)})


TAB = Tab(
    id="explore",
    title="Explore",
    skeleton='<div class="kn-explore">'
    + pane("cities", "Prompts")
    + pane("prompt", "The prompt's neurons by layer")
    + pane("neuron", "The selected neuron")
    + "</div>",
    script="explore/explore.js",
    texts=("text", "target", "against", "order", "head", "colours", "lens"),
    styles=("explore/explore.css", "neuron_page/neuron_page.css"),
    questions={
        "search": _search,
        "concepts": _concepts,
        "has_prompt": _has_prompt,
        "prompt": _prompt,
        "neuron": _neuron,
        "neuron_page": _neuron_page,
        "neuron_near": _neuron_near,
        "unusual": _unusual,
        "always_on": _always_on,
        "can_run": lambda context, given: {"missing": context.live.missing(given.model)},
        "lens_distances": lambda context, given: lenses.distances(context.database, given.model),
        "heads": lambda context, given: context.live.heads(given.model),
    },
    jobs={
        "text": _text,
        "lens": lambda context, given: context.live.lens(given.model, given.prompt),
        "reading": _reading,
        "head": _head,
        "target": _target,
        "reads": _reads,
    },
)
