"""The first hour: what `kn demo` makes before the app opens, and what after that.

Sizes are chosen so that two cores fill every tab in 40 minutes while one looks around. What waits
for nobody comes last: until then the app computes the lens of each prompt that is opened.
"""

from __future__ import annotations

from kn_assets.atlas import linear_lens
from kn_assets.atlas.needs import NEEDS
from kn_assets.atlas.plan import VOCABULARY
from kn_assets.knowledge.circuits.tables import OF_CIRCUITS
from kn_assets.knowledge.concept_table import CONCEPTS
from kn_assets.knowledge.descriptions.plan import DESCRIPTIONS
from kn_assets.knowledge.tables import OF_MODEL
from kn_assets.lake import model
from kn_assets.launch.background import CORPUS, LIMIT, MODEL
from kn_assets.launch.background.step import Step, tables
from kn_assets.launch.background.training import CIRCUITS, FACTS, training
from kn_assets.maps.tables import VERSIONS

FIRST = tuple(NEEDS)
"""The tables with which prompts can be explored, the lens of each computed when it is opened."""


def demo(limit: int | None = None, lens: str | None = None) -> list[Step]:
    """All that is made: the first tables, then the rest. `lens`: lazy leaves that to the app."""
    atlas = ("--corpus", CORPUS, "--model", MODEL, "--limit", str(limit or LIMIT))
    share = (limit or LIMIT) / LIMIT

    def run(name: str, title: str, seconds: float, *wanted: str, lens: str = "lazy") -> Step:
        only = [word for table in wanted for word in ("--only", table)]
        words = ("run", *atlas, *(("--lens", "lazy") if lens == "lazy" else ()), *only)
        is_first = wanted == FIRST
        made = tables(model(MODEL), wanted, lazily=is_first)
        needs = () if is_first else ("first",)
        what = "lens" if lens == "all" else "atlas"
        return Step(name, title, words, seconds, made, what, MODEL, needs, is_first)

    known = tables(model(MODEL), (*OF_MODEL, CONCEPTS))
    promoted = (VOCABULARY, linear_lens.VOCABULARY)
    fitted = (table for table in linear_lens.LENSES if table not in promoted)
    return [
        run("first", "prompts and the neurons that fire in them", 30.0 + 100.0 * share, *FIRST),
        run("linear", "the linear lens", 15.0 + 30.0 * share, *fitted),
        run("vocabulary", "the tokens that each neuron promotes", 130.0, *promoted),
        run("descriptions", "when each neuron fires, in words", 15.0 + 15.0 * share, DESCRIPTIONS),
        run("map", "the map of neurons and prompts", 60.0 + 60.0 * share, *VERSIONS),
        Step(
            "knowledge", f"facts and knowledge neurons of {MODEL}",
            ("knowledge", *atlas, "--lens", "lazy", *FACTS), 400.0, known, "knowledge", MODEL,
            ("first",),
        ),
        *training("training", MODEL),
        Step(
            "circuits", f"circuits of facts of {MODEL}",
            ("circuits", *atlas, "--lens", "lazy", *CIRCUITS), 400.0,
            tables(model(MODEL), OF_CIRCUITS), "circuits", MODEL, ("first",),
        ),
        *(
            [run("lens", "the lens of all prompts", 30.0 + 250.0 * share, "logit_lens", lens="all")]
            if lens != "lazy"
            else []
        ),
    ]  # fmt: skip
