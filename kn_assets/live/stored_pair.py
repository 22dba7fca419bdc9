"""The pair that a stored circuit's single effects were measured on, run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

from kn_assets.errors import KnError
from kn_assets.knowledge.circuits.pair import Pair, of_tokens
from kn_assets.knowledge.circuits.whole_prompt import WholePrompt
from kn_assets.knowledge.questions import Question, ask
from kn_assets.lake import Lake, Partition
from kn_assets.live.questions import Told

if TYPE_CHECKING:
    from kn_assets.atlas.direct.layout import Layout
    from kn_assets.models.load import LoadedModel


def stored_pair(
    lake: Lake, atlas: Partition, layout: Layout, loaded: LoadedModel, fact: int
) -> Pair:
    """A fact's prompt beside the first contrast that its circuit was chosen on.

    Raises KnError where the fact has no circuit, where that contrast is a mean, whose values aren't
    stored, and where facts were made again since.
    """
    if lake.meta(atlas, "contrasts") is None:
        raise KnError("this atlas has no circuits yet: `kn circuits` makes them")
    table = lake.read(atlas, "contrasts")
    chosen = (
        (pc.field("fact_id") == fact)
        & (pc.field("prompt_fact_id") == fact)
        & (pc.field("purpose") == "choose")
        & (pc.field("contrast") == 0)
    )
    rows = table.filter(chosen).to_pylist()
    if not rows:
        raise KnError(f"fact {fact} has no circuit here: `kn circuits` makes those of known facts")
    (row,) = rows
    if row["contrast_kind"] != "pair":
        raise KnError(
            f"this fact's contrast is a mean over {row['n_prompts']} prompts, whose values aren't "
            "stored: write it as your own sentence, with a contrast"
        )
    told = Told.of(lake, atlas.key)
    if told is None or row["fact_set"] not in told.facts["fact_set"].to_pylist():
        raise KnError("the facts were made again since circuits were: `kn circuits` makes them")
    wanted = [fact, row["contrast_fact_id"]]
    context = loaded.parts.context
    asked = ask(loaded.tokenizer, told.facts, told.prompts, wanted, context).asked
    own, other = (_of(asked, one, row["prompt"]) for one in wanted)
    if (own.answer, other.answer) != (row["answer_token_id"], row["against_token_id"]):
        raise KnError("the facts were made again since circuits were: `kn circuits` makes them")
    clean = WholePrompt.of(layout, own.ids)
    return of_tokens(layout, clean, other.ids, own.answer, other.answer)


def _of(asked: list[Question], fact: int, prompt: int) -> Question:
    found = next((q for q in asked if (q.fact_id, q.prompt) == (fact, prompt)), None)
    if found is None:
        raise KnError(f"this model can't be asked prompt {prompt} of fact {fact}")
    return found
