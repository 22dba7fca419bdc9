"""What can be wished for, and the steps that make it.

A wish is what a button of the page stands for: a kind and a model. The commands are made here, out
of the lake's own notes: nothing that a browser sent becomes a part of one.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from typing import Any

from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.corpora import wikipedia
from kn_assets.corpora.plan import CorpusPlan
from kn_assets.errors import KnError
from kn_assets.knowledge import fact_files
from kn_assets.knowledge.circuits.tables import OF_CIRCUITS
from kn_assets.knowledge.concept_table import CONCEPTS
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.knowledge.tables import OF_MODEL
from kn_assets.lake import Lake, model
from kn_assets.lake import plan as plans
from kn_assets.lake.schema import ATLAS_TABLES
from kn_assets.launch.background.step import Made, Step, tables
from kn_assets.launch.background.training import CIRCUITS, training
from kn_assets.launch.steps import OF_LAST
from kn_assets.training.steps.checkpoints import step_of
from kn_assets.training.steps.tables import OVER_STEPS, StepsPlan

SECONDS = {
    "atlas": 400.0,
    "knowledge": 900.0,
    "circuits": 400.0,
    "training": 900.0,
    "demo": 2100.0,
}
"""What can be wished for, and what it takes at about the demo's size, on one core."""


@dataclass(frozen=True)
class Wish:
    """what: of `SECONDS`; model: an atlas' key, "" where it is of none; limit, lens: of a demo."""

    what: str
    model: str = ""
    limit: int | None = None
    lens: str | None = None


def steps(lake: Lake, wish: Wish) -> list[Step]:
    """What makes a wish come true.

    Raises KnError where the lake has no such atlas, and where it can't be told from the lake how
    its corpus or its facts were made: to make them in another way would replace them.
    """
    if wish.what == "demo":
        from kn_assets.launch.background.demo import demo

        return demo(wish.limit, wish.lens)
    if wish.what == "training":
        return list(training(wish.what, wish.model))
    if wish.what not in SECONDS:
        raise KnError(f"there is nothing called {wish.what!r} to make")
    if wish.model not in {partition.key for partition in lake.partitions("model")}:
        raise KnError(f"there is no atlas {wish.model!r} in this lake")
    plan = AtlasPlan.of(lake, wish.model)
    settings = plan.settings
    _check_corpus(lake, settings)
    here = _steps_here(lake, wish.model)
    of_steps = len(here) > 1
    words = _words(settings, of_steps)
    if wish.what == "knowledge":
        command, title = "knowledge", "facts and knowledge neurons"
        words = (*words, *_knowledge(lake, plan))
        made = tables(model(wish.model), (*OF_MODEL, CONCEPTS))
    elif wish.what == "circuits":
        command, title = "circuits", "circuits of facts"
        words = (*words, *CIRCUITS, *_of_facts(lake, plan))
        made = tables(model(wish.model), OF_CIRCUITS)
    else:
        command, title = "run", "the missing tables"
        wanted = [t for t in ATLAS_TABLES if not (of_steps and t in OF_LAST)]
        made = tables(model(wish.model), wanted, lazily=settings.lens == "lazy")
    if of_steps:
        base = wish.model.partition("@")[0]
        command_words = (command, *words, "--steps-of", ",".join(map(str, here)))
        title = f"{title} of {len(here)} steps of {base}"
        if wish.what != "circuits":  # of which there are no tables over steps
            made = _both(made, _over_steps(base))
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


def _check_corpus(lake: Lake, settings: AtlasSettings) -> None:
    if settings.corpus != "wikipedia":
        return
    given = wikipedia.Settings.of(limit=settings.limit)
    if plans.stale(CorpusPlan(lake, settings.corpus, given)):
        raise KnError(
            "this atlas is of Wikipedia, which would be asked again: make it with `kn`, and the "
            "options by which the corpus was made"
        )


def _steps_here(lake: Lake, key: str) -> list[int]:
    """The steps of a training of which there are atlases; none where the key names no step."""
    if step_of(key) is None:
        return []
    base = key.partition("@")[0]
    others = [p.key for p in lake.partitions("model") if p.key.partition("@")[0] == base]
    return sorted({step for other in others if (step := step_of(other)) is not None})


def _knowledge(lake: Lake, plan: AtlasPlan) -> Iterator[str]:
    """The options by which a model was asked before, of the facts that its corpus tells now."""
    noted, own = _asked(lake, plan.model.key), asdict(KnowledgeSettings())
    for name in ("facts", "known", "steps", "factor", "seed"):
        if noted.get(name) not in (None, own[name]):
            yield from (f"--{name}", str(noted[name]))
    yield from _of_facts(lake, plan)


def _of_facts(lake: Lake, plan: AtlasPlan) -> Iterator[str]:
    """The option of the file that the corpus' facts are of."""
    facts = lake.meta(plan.corpus, "facts") or {}
    content = str(facts.get("fingerprint")).partition(" of file ")[2]
    if content:
        yield from ("--fact-file", _fact_file(lake, plan.model.key, content))


def _asked(lake: Lake, key: str) -> dict[str, Any]:
    return (lake.meta(model(key), "fact_answers") or {}).get("settings") or {}


def _fact_file(lake: Lake, key: str, content: str) -> str:
    """The file or folder of that content from which some model was asked."""
    for other in (key, *(partition.key for partition in lake.partitions("model"))):
        file = _asked(lake, other).get("fact_file")
        with suppress(KnError):  # it is gone
            if file and fact_files.fingerprint(file) == content:
                return str(file)
    raise KnError(
        "the corpus' facts are of a file that isn't there any more or has changed: `kn knowledge` "
        "with --fact-file FILE asks them"
    )


def _over_steps(name: str) -> Made:
    """Whether the tables over a training's steps are made, but for those that can't be."""

    def made(lake: Lake) -> bool:
        plan = StepsPlan(lake, name)
        try:
            wanted = [t for t in OVER_STEPS if t != "training_log" and not plan.lacking(t)]
        except KnError:  # fewer than two atlases are whole
            return False
        return tables(model(name), wanted)(lake)

    return made


def _both(one: Made, other: Made) -> Made:
    return lambda lake: one(lake) and other(lake)
