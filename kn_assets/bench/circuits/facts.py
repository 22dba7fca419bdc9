"""The facts that `kn bench circuits` measures: of one relation, known in two wordings."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from kn_assets.atlas.settings import AtlasSettings
from kn_assets.errors import KnError
from kn_assets.knowledge.circuits.settings import CircuitSettings
from kn_assets.lake import Lake
from kn_assets.progress import Progress
from kn_assets.training.steps.checkpoints import named_here

if TYPE_CHECKING:
    from kn_assets.atlas.direct.layout import Layout
    from kn_assets.knowledge.circuits.cases import Case


def layout_and_cases(
    lake: Lake, args: argparse.Namespace, settings: CircuitSettings, progress: Progress
) -> tuple[Layout, list[Case]]:
    """The model, and up to `args.facts` facts with prompts to choose on and others to measure on.

    The facts are GeoNames', as every corpus of cities tells them. Raises KnError where the relation
    is unknown or the model can't be had.
    """
    from kn_assets.atlas.direct.layout import Layout
    from kn_assets.corpora import geonames
    from kn_assets.knowledge import answers, facts
    from kn_assets.knowledge.circuits.cases import cases
    from kn_assets.knowledge.circuits.contrasts import all_asked
    from kn_assets.knowledge.questions import ask
    from kn_assets.models.linears import use_onednn_linears
    from kn_assets.models.load import load
    from kn_assets.models.source import resolve

    told, texts = facts.tables(facts.from_cities(geonames.cities()))
    mine = told.filter(pc.equal(told["relation"], args.relation))
    if not len(mine):
        known = ", ".join(facts.TEMPLATES)
        raise KnError(f"there is no relation {args.relation}: choose from {known}")
    ids = mine["fact_id"].to_pylist()
    ids = ids[:: max(1, len(ids) // args.asked)][: args.asked]
    subjects = dict(zip(mine["fact_id"].to_pylist(), mine["subject"].to_pylist(), strict=True))
    atlas = named_here(lake, AtlasSettings(model=args.model))
    loaded = load(
        *(resolve(atlas.model), lake, "float32"),
        device=args.device,
        attention="eager",
        progress=progress,
    )
    use_onednn_linears(loaded.model)
    context = loaded.parts.context
    asked = ask(loaded.tokenizer, told, texts, ids, context).asked
    answered = answers.answer(loaded, asked, progress)
    right = answers.right(answered)
    wordings: dict[int, int] = {}
    for fact, _ in right:
        wordings[fact] = wordings.get(fact, 0) + 1
    several = [i for i in ids if wordings.get(i, 0) > 1]
    names = {subjects[i] for i in several[: 2 * args.facts]}
    others = [
        f["fact_id"]
        for f in told.to_pylist()
        if f["subject"] in names and f["relation"] != args.relation
    ]
    if others:
        more = ask(loaded.tokenizer, told, texts, others, context).asked
        right |= answers.right(answers.answer(loaded, more, progress))
        asked = [*asked, *more]
    of_right = [one for one in all_asked(loaded.tokenizer, told, texts, asked) if one.key in right]
    some = cases(several, of_right, settings.contrasts, settings.held_out, settings.seed)
    some = [c for c in some if c.chosen_on and c.measured_on]
    return Layout.of(loaded.parts), some[: args.facts]
