"""The tab Knowledge: facts, their knowledge neurons, and the effect of interventions."""

from __future__ import annotations

from typing import Any

from kn_assets.knowledge.on_demand import WHAT
from kn_assets.live.knowledge import MOST_CHANGED
from ui.arguments import LARGEST_PAGE, Checked
from ui.context import Context
from ui.knowledge import view
from ui.page.widgets import pane
from ui.rows import Answer
from ui.runs.asking import Asking
from ui.runs.job import Work
from ui.tab import Tab

MOST_STEPS = 64
LARGEST_FACTOR = 100.0
_LARGEST = 1 << 31


def _facts(context: Context, given: Checked) -> Answer:
    offset, limit = given.integer("offset", _LARGEST), given.integer("limit", LARGEST_PAGE + 1)
    known = given.choice("known", tuple(view.KNOWN)) if given.text("known") else ""
    learned = given.number("learned", -1, _LARGEST) if given.has("learned") else None
    return view.facts(
        *(context.database, given.model, given.text("text"), offset, limit),
        relation=given.text("relation"),
        known=known,
        learned=None if learned is None else int(learned),
        first=given.choice("first", ("circuits",)) if given.text("first") else "",
    )


def _fact(context: Context, given: Checked) -> Answer:
    return view.fact(context.database, given.model, given.integer("fact", _LARGEST))


def _shared(context: Context, given: Checked) -> Answer:
    return view.shared(context.database, *given.neuron)


def _run(context: Context, given: Checked) -> Work:
    """Attribute an answer, or change neurons, live."""
    question: dict[str, Any] = {"kind": "knowledge", "key": given.model}
    if given.text("sentence"):
        question["text"] = context.live.checked(
            given.text("sentence", context.live.limits.characters + 1)
        )
        question["answer"] = given.text("answer")
    else:
        question["fact"] = given.integer("fact", _LARGEST)
        question["prompt"] = given.integer("fact_prompt", _LARGEST)
    question["do"] = given.choice("do", ("attribute", "change"))
    if question["do"] == "attribute":
        question["steps"] = max(1, given.integer("steps", MOST_STEPS + 1))
    else:
        question["factor"] = given.number("factor", 0.0, LARGEST_FACTOR)
        question["neurons"] = given.pairs("neurons", MOST_CHANGED)
    return context.live.knowledge(question)


def _asking(context: Context, given: Checked) -> Asking:
    """A fact, or a sentence of one's own with its answer."""
    what = given.choice("what", WHAT)
    if not given.text("sentence"):
        return Asking(given.integer("fact", _LARGEST), what)
    longest = context.live.limits.characters + 1
    return Asking(
        None, what, context.live.checked(given.text("sentence", longest)), given.text("answer")
    )


def _ask_fact(context: Context, given: Checked) -> Work | Answer:
    """Ask a fact on demand at one checkpoint or at all."""
    every = given.choice("steps", ("one", "all")) == "all"
    return context.asked.ask(given.model, _asking(context, given), every)


def _asked_steps(context: Context, given: Checked) -> Answer:
    """What the lake has of a fact or sentence that was asked."""
    return {"steps": context.asked.steps(given.model, _asking(context, given))}


def _can_ask(context: Context, given: Checked) -> Answer:
    """Whether facts can be asked on demand: why not, how many checkpoints there are, and the
    seconds that one took before.
    """
    key = given.model
    return {
        "missing": context.live.missing(key),
        "damaged": context.asked.damage(key),
        "n_steps": len(context.asked.models(key, True)),
        "seconds": context.asked.forecast(key),
        "keeps": context.live.limits.keeps,
    }


TAB = Tab(
    id="knowledge",
    title="Knowledge",
    skeleton='<div class="kn-knowledge">'
    + pane("facts", "Facts")
    + pane("fact", "The fact and its neurons")
    + '<div class="kn-side">'
    + pane("neuron", "The selected neuron")
    + pane("shared", "Facts that share the neuron")
    + "</div></div>",
    script="knowledge/knowledge.js",
    texts=("sentence", "answer"),
    styles=("knowledge/knowledge.css",),
    questions={
        "facts": _facts,
        "fact": _fact,
        "neuron_facts": _shared,
        "can_ask": _can_ask,
        "asked_steps": _asked_steps,
    },
    jobs={"knowledge": _run, "ask_fact": _ask_fact},
)
