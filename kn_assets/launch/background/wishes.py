"""What can be wished for, and the steps that make it.

A wish is what a button of the page stands for: a kind and a model. The commands are made here, out
of the lake's own notes: nothing that a browser sent becomes a part of one.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.errors import KnError
from kn_assets.knowledge.concept_table import CONCEPTS
from kn_assets.knowledge.tables import OF_MODEL
from kn_assets.lake import Lake, model
from kn_assets.lake.schema import ATLAS_TABLES
from kn_assets.launch.background.step import Made, Step, tables
from kn_assets.launch.background.training import training
from kn_assets.launch.steps import OF_LAST
from kn_assets.training.steps.checkpoints import step_of
from kn_assets.training.steps.tables import OVER_STEPS

SECONDS = {"atlas": 400.0, "knowledge": 900.0, "training": 800.0, "demo": 2000.0}
"""What can be wished for, and what it takes at about the demo's size, on one core."""


@dataclass(frozen=True)
class Wish:
    """what: of `SECONDS`; model: an atlas' key, "" where it is of none; limit, lens: of a demo."""

    what: str
    model: str = ""
    limit: int | None = None
    lens: str | None = None


def steps(lake: Lake, wish: Wish) -> list[Step]:
    """What makes a wish come true. Raises KnError where the lake has no such atlas."""
    if wish.what == "demo":
        from kn_assets.launch.background.demo import demo

        return demo(wish.limit, wish.lens)
    if wish.what == "training":
        return list(training(wish.what, wish.model))
    if wish.what not in SECONDS:
        raise KnError(f"there is nothing called {wish.what!r} to make")
    if wish.model not in {partition.key for partition in lake.partitions("model")}:
        raise KnError(f"there is no atlas {wish.model!r} in this lake")
    settings = AtlasPlan.of(lake, wish.model).settings
    of_steps = step_of(wish.model) is not None
    words = _words(settings, of_steps)
    if wish.what == "knowledge":
        command, title = "knowledge", "facts and knowledge neurons"
        made = tables(model(wish.model), (*OF_MODEL, CONCEPTS))
    else:
        command, title = "run", "the missing tables"
        wanted = [t for t in ATLAS_TABLES if not (of_steps and t in OF_LAST)]
        made = tables(model(wish.model), wanted, lazily=settings.lens == "lazy")
    if of_steps:
        base = wish.model.partition("@")[0]
        command_words = (command, *words, "--steps-of", "all")
        title = f"{title} of all steps of {base}"
        made = _both(made, tables(model(base), [t for t in OVER_STEPS if t != "training_log"]))
    else:
        command_words = (command, *words)
        title = f"{title} of {wish.model}"
    name = shlex.join(command_words)
    seconds = SECONDS[wish.what]
    return [Step(name, title, command_words, seconds, made, wish.what, wish.model)]


def _words(settings: AtlasSettings, of_steps: bool) -> tuple[str, ...]:
    """The options of `kn run` by which an atlas was made; of a step, without the step."""
    return tuple(_options(settings, of_steps))


def _options(settings: AtlasSettings, of_steps: bool) -> Iterator[str]:
    yield from ("--corpus", settings.corpus)
    yield from ("--model", settings.model.partition("@")[0] if of_steps else settings.model)
    own = AtlasSettings()
    for f in fields(settings):
        value: Any = getattr(settings, f.name)
        if f.name in ("corpus", "model") or value in (None, getattr(own, f.name)):
            continue
        if f.name == "revision" and of_steps:
            continue
        yield from (f"--{f.name.replace('_', '-')}", str(value))


def _both(one: Made, other: Made) -> Made:
    return lambda lake: one(lake) and other(lake)
