"""`kn bench knowledge`: what suppressing and amplifying a fact's neurons does, beside its controls.

Reads the tables that `kn knowledge` made; where there are none it makes them first, which takes
minutes, and says so. A model's name without a step means its last step.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from kn_assets import lake as lakes
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.bench.result import Figure, Result
from kn_assets.errors import KnError
from kn_assets.knowledge.answers import known
from kn_assets.knowledge.attribution import RULE
from kn_assets.knowledge.effects import ALL_RELATIONS
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.knowledge.tables import OF_MODEL
from kn_assets.lake import Lake, Partition
from kn_assets.models import embedded
from kn_assets.models.source import resolve
from kn_assets.training.steps.checkpoints import named_here, step_of

OWN = "knowledge_neurons"
CONTROLS = ("random", "activation_matched", "other_fact")
KINDS = ("suppress", "amplify")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default=embedded.KEY, help="default: %(default)s, embedded")
    parser.add_argument("--corpus", default="geonames", help="default: %(default)s; where not made")
    parser.add_argument("--limit", type=int, default=600, help="default: %(default)s; as above")


def run(args: argparse.Namespace) -> Result:
    """The scorecard of one model, over all relations and of each."""
    lake = Lake(getattr(args, "data", None))
    where = find(lake, args.model)
    made_now = where is None
    if where is None:
        where = _make(lake, args)
    return scorecard(lake, where, made_now=made_now)


def find(lake: Lake, model: str) -> Partition | None:
    """The atlas of `model`, or of its last step, that has all tables about facts."""
    name = model.rstrip("/").rpartition("/")[2]
    made = [p for p in lake.partitions("model") if all(lake.meta(p, t) for t in OF_MODEL)]
    steps = {
        step: p
        for p in made
        if p.key.split("@")[0] == name and (step := step_of(p.key)) is not None
    }
    named = next((p for p in made if p.key == name), None)
    return named or (steps[max(steps)] if steps else None)


def scorecard(lake: Lake, where: Partition, **settings: object) -> Result:
    """Figures of one atlas' tables. Raises KnError where no answers were attributed."""
    effects: dict[tuple[str, str, str], dict[str, Any]] = {
        (e["relation"], e["kind"], e["condition"]): e
        for e in lake.read(where, "intervention_effects").to_pylist()
    }
    if (ALL_RELATIONS, "suppress", OWN) not in effects:
        raise KnError(f"{where.key} has no fact with neurons: ask more with `kn knowledge --facts`")
    corpus = lakes.corpus(lake.read(where, "atlases", ["corpus"])["corpus"][0].as_py())
    relation_of = {r["fact_id"]: r["relation"] for r in lake.read(corpus, "facts").to_pylist()}
    counts = _Counts(lake, where, relation_of)
    figures: dict[str, Figure] = {}
    for kind in KINDS:
        for condition in (OWN, *CONTROLS):
            found = effects.get((ALL_RELATIONS, kind, condition))
            label = kind if condition == OWN else f"{kind}_{condition}"
            figures[label] = found["relative_change"] if found else float("nan")
    figures |= counts.of(ALL_RELATIONS)
    for kind in KINDS:
        figures |= _intervals(effects, ALL_RELATIONS, kind)
    figures["suppress_apart"] = int(apart(effects, ALL_RELATIONS))
    for relation in sorted({relation for relation, _, _ in effects} - {ALL_RELATIONS}):
        figures[relation] = {**counts.of(relation), **_of_relation(effects, relation)}
    own = abs(effects[ALL_RELATIONS, "suppress", OWN]["relative_change"])
    there = [effects.get((ALL_RELATIONS, "suppress", c)) for c in CONTROLS]
    strongest = max(abs(effect["relative_change"]) for effect in there if effect)
    meta = lake.meta(where, "intervention_effects") or {}
    return Result(
        name="knowledge",
        ratio=own / strongest,
        baseline="the strongest of three controls' effect on the answer's probability, when the "
        "fact's knowledge neurons are suppressed",
        figures=figures,
        settings={
            "model": where.key,
            "corpus": corpus.key,
            "rule": RULE,
            "interval": "95 %, facts resampled",
            **meta.get("settings", {}),
            **settings,
        },
    )


def apart(effects: dict[tuple[str, str, str], dict[str, Any]], relation: str) -> bool:
    """Whether suppression's interval lies under those of all controls, none of which is missing."""
    high = effects[relation, "suppress", OWN]["ci_high"]
    lows = [effects.get((relation, "suppress", c), {}).get("ci_low") for c in CONTROLS]
    return high is not None and all(low is not None and high < low for low in lows)


class _Counts:
    """What is counted of a relation's facts, or of all."""

    def __init__(self, lake: Lake, where: Partition, relation_of: dict[int, str]) -> None:
        self._relation_of = relation_of
        answers = lake.read(where, "fact_answers", ["fact_id", "greedy"])
        self._asked = set(answers["fact_id"].to_pylist())
        self._known = known(answers)
        errors = lake.read(where, "attribution_error", ["fact_id", "relative_error"])
        self._error_of = errors["fact_id"].to_pylist()
        self._errors = errors["relative_error"].to_numpy()
        self._neurons = lake.read(where, "knowledge_neurons", ["fact_id"])["fact_id"].to_pylist()

    def of(self, relation: str) -> dict[str, float]:
        def inside(fact: int) -> bool:
            return relation in (ALL_RELATIONS, self._relation_of[fact])

        mine = np.array([inside(fact) for fact in self._error_of], bool)
        attributed = {fact for fact in self._error_of if inside(fact)}
        errors = self._errors[mine]
        return {
            "completeness_error": float(np.nanmedian(errors)) if len(errors) else float("nan"),
            "neurons_per_fact": sum(map(inside, self._neurons)) / max(len(attributed), 1),
            "facts_known": sum(map(inside, self._known)),
            "facts_asked": sum(map(inside, self._asked)),
            "facts_attributed": len(attributed),
        }


def _intervals(
    effects: dict[tuple[str, str, str], dict[str, Any]], relation: str, kind: str
) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for condition in (OWN, *CONTROLS):
        effect = effects.get((relation, kind, condition))
        if effect and effect["ci_low"] is not None:
            label = kind if condition == OWN else f"{kind}_{condition}"
            found[f"{label}_interval"] = {"low": effect["ci_low"], "high": effect["ci_high"]}
    return found


def _of_relation(
    effects: dict[tuple[str, str, str], dict[str, Any]], relation: str
) -> dict[str, float]:
    found: dict[str, float] = {}
    for kind in KINDS:
        for condition in (OWN, *CONTROLS):
            effect = effects.get((relation, kind, condition))
            if effect:
                label = kind if condition == OWN else f"{kind}_{condition}"
                found[label] = effect["relative_change"]
                if effect["ci_low"] is not None:
                    found |= {f"{label}_low": effect["ci_low"], f"{label}_high": effect["ci_high"]}
    return found


def _make(lake: Lake, args: argparse.Namespace) -> Partition:
    """Run `kn knowledge` on the model, or on the last step of a model trained in the lake."""
    from kn_assets.launch.request import Request
    from kn_assets.launch.run import run
    from kn_assets.progress import TerminalProgress

    TerminalProgress().say(f"nothing is known of {args.model} yet: making it, which takes minutes")
    given = AtlasSettings().with_given(corpus=args.corpus, model=args.model, limit=args.limit)
    atlas = named_here(lake, given)
    key = resolve(atlas.model).key
    if lake.meta(lakes.model(key), "atlases"):
        atlas = AtlasPlan.of(lake, key).settings  # as it was made: it is not made anew
    request = Request(lake, atlas, knowledge=KnowledgeSettings())
    run(request)
    return request.plan.model
