"""A model through its training: an atlas of each step, and the tables over all of them.

The last step comes first: what it knows is what all others are asked for, so that curves over steps
are of the same facts. A checkpoint that can't be read is left out and told at the end; it keeps
none of the others from being made.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from kn_assets.atlas.settings import AtlasSettings
from kn_assets.database import database
from kn_assets.errors import KnError
from kn_assets.knowledge.fact_tables import OF_CORPUS
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.lake import Lake
from kn_assets.lake import plan as plans
from kn_assets.lake.schema import ATLAS_TABLES
from kn_assets.launch.request import Request
from kn_assets.launch.run import materialize, run
from kn_assets.progress import Progress, TerminalProgress
from kn_assets.training.steps.checkpoints import check, checkpoints, chosen
from kn_assets.training.steps.identity import same_weights
from kn_assets.training.steps.lens import FactLensPlan
from kn_assets.training.steps.tables import StepsPlan

OF_LAST = ("neuron_map", "prompt_map", "map_clusters")
"""Tables that only the last step's atlas is asked for."""


def requests(
    lake: Lake,
    settings: AtlasSettings,
    wanted: str = "all",
    progress: Progress | None = None,
    **given: Any,
) -> list[Request]:
    """What `run` is to be called with, one after the other, for an atlas of each step.

    settings.model: as `name` of `checkpoints`; `given` are further fields of `Request`. `progress`
    is told which folders or revisions are no steps. Raises KnError where there are no such
    checkpoints; one that is damaged says so when it is run.
    """
    say = (progress or TerminalProgress()).say
    found = chosen(checkpoints(lake, settings.model, say), wanted)
    return [Request(lake, replace(settings, model=c.model, revision=None), **given) for c in found]


def run_steps(requests: list[Request], progress: Progress | None = None) -> bool:
    """Make whatever is stale for the steps of a model, given in their order; True where any was.

    The last step's atlas has all tables, the others' all but maps: their `neuron_map` is their part
    of `neuron_map_steps`, where each begins at the one before. With `Request.knowledge` the facts
    which the last step knows are attributed at every step. Raises KnError at the end where steps
    were left out, and at once where none could be made.
    """
    lake = requests[0].lake
    lake.make(lake.root)
    with lake.writing(requests[0].wait), database.kept_at_end(lake):
        return _run_steps(requests, progress or TerminalProgress())


def _run_steps(requests: list[Request], progress: Progress) -> bool:
    made, lake = False, requests[0].lake
    done: list[Request] = []
    lost: dict[str, KnError] = {}
    for i, request in enumerate(reversed(requests)):
        key = Path(request.atlas.model).name
        progress.say(f"step {i + 1} of {len(requests)}: {key}")
        try:
            check(request.atlas.model)
            made |= _run_step(request, done)
        except KnError as e:
            lost[key] = e
            progress.say(f"{key} is left out: {e}")
        else:
            done.append(request)
    if not done:
        raise next(iter(lost.values()))
    if len(requests) > 1:
        made |= _over_steps(done[0], progress)
        for word in same_weights(lake, [r.plan.model for r in reversed(done)]):
            progress.say(word)
    if lost:
        told = "; ".join(f"{key}: {e}" for key, e in lost.items())
        raise KnError(
            f"{len(lost)} of {len(requests)} steps are left out, all else is made. {told}"
        )
    return made


def _run_step(request: Request, done: list[Request]) -> bool:
    """One step's atlas and what it answers; `done`: the later steps, the last of all first."""
    knowledge = request.knowledge
    if knowledge and done:
        last = done[0].plan
        holds = plans.is_made(last.lake, last.model, "knowledge_neurons")
        knowledge = replace(knowledge, like=last.model.key) if holds else None
    only = request.only
    if done and not only:
        only = tuple(t for t in ATLAS_TABLES if t not in OF_LAST)
    circuits = request.circuits
    if circuits and done:
        last = done[0].plan
        holds = plans.is_made(last.lake, last.model, "circuit_units")
        circuits = replace(circuits, like=last.model.key) if holds else None
    made = run(replace(request, only=only, knowledge=knowledge, circuits=circuits))
    return _lens(request, done) or made


def _lens(request: Request, done: list[Request]) -> bool:
    """What each layer would answer at this step, where the corpus tells facts."""
    plan = request.plan
    if not plans.is_made(plan.lake, plan.corpus, "facts"):
        if request.corpus.corpus.kind != "geonames":
            return False
        materialize(request, plan.corpus, list(OF_CORPUS))
    like = done[0].plan.model.key if done else None
    settings = replace(request.knowledge or KnowledgeSettings(), like=like)
    if not plans.stale(FactLensPlan.of(plan, settings)):
        return False
    materialize(replace(request, knowledge=settings), plan.model, ["fact_lens"])
    return True


def _over_steps(request: Request, progress: Progress) -> bool:
    """The tables over all steps that are in the lake, of the model of which `request` is one."""
    plan = StepsPlan(request.lake, request.plan.source.key.partition("@")[0])
    stale = plans.stale(plan)
    word = plan.lacking("fact_steps")
    if word or (without := plan.without_lens()):
        progress.say(f"no fact_steps: {word}" if word else f"fact_steps without {without}")
    if stale:
        materialize(request, plan.model, stale)
    return bool(stale)
