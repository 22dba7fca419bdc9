"""The tab Training: a model through its steps, with the slider that moves all panes of the app."""

from __future__ import annotations

from ui.arguments import Checked
from ui.context import Context
from ui.page.widgets import pane
from ui.rows import Answer
from ui.tab import Tab
from ui.training import story, view

LARGEST = 1 << 31


def _training(context: Context, given: Checked) -> Answer:
    return view.training(context.database, given.model)


def _story(context: Context, given: Checked) -> Answer:
    return view.story(context.database, given.model, given.text("relation"))


def _fact(context: Context, given: Checked) -> Answer:
    return story.fact(context.database, given.model, given.integer("fact", LARGEST))


def _neuron(context: Context, given: Checked) -> Answer:
    return view.neuron(context.database, *given.neuron)


def _places(context: Context, given: Checked) -> Answer:
    return view.places(context.database, given.model, given.integer("step", LARGEST))


TAB = Tab(
    id="training",
    title="Training",
    skeleton='<div class="kn-training">'
    + pane("tfact", "A fact")
    + '<div class="kn-learned">'
    + pane("steps", "Checkpoint")
    + pane("tstrips", "How it was learned")
    + "</div>"
    + pane("tmap", "The neurons' places through training")
    + pane("tneuron", "The selected neuron through training")
    + pane("tlayers", "Births and deaths of neurons")
    + pane("story", "Checkpoints")
    + "</div>",
    script="training/training.js",
    texts=("fact",),
    styles=("chart/chart.css", "story/story.css", "training/training.css"),
    questions={
        "training": _training,
        "training_story": _story,
        "training_fact": _fact,
        "training_neuron": _neuron,
        "training_places": _places,
    },
)
