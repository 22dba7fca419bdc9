"""What the one pass runs on: an atlas' model in memory, and its prompts as tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kn_assets.atlas.forward.tokens import TokenizedPrompts, tokenize
from kn_assets.errors import KnError
from kn_assets.models import source as sources
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.atlas.plan import AtlasPlan
    from kn_assets.models.load import LoadedModel

_AT_ONCE = 256  # prompts whose whole texts are in memory
_loaded: dict[tuple[object, ...], LoadedModel] = {}


def load_model(plan: AtlasPlan, progress: Progress, device: str = "cpu") -> LoadedModel:
    """The model in the atlas' dtype; the last one stays in memory for the next table, as long as
    its files stay what they are.

    Attention is always the eager one, which costs no more here and gives its weights: so a table
    made alone comes out the same as one made beside `attention`. Raises KnError where the model
    can't be had, or isn't the plan's any more.
    """
    from kn_assets.models.load import load

    files = sources.fingerprint(plan.source, plan.lake)
    if files != plan.files:
        raise KnError(f"files of {plan.source} were changed since this run began: start it again")
    key = (plan.source, plan.lake.root, plan.dtype, device, files)
    if key not in _loaded:
        _loaded.clear()
        progress.say(f"loading {plan.source} in {plan.dtype}")
        _loaded[key] = load(
            plan.source,
            plan.lake,
            plan.dtype,
            device=device,
            attention="eager",
            progress=progress,
        )
    return _loaded[key]


def tokenized(plan: AtlasPlan, tokenizer: Any, context: int) -> TokenizedPrompts:
    """The atlas' prompts as token ids. Raises KnError where there are none."""
    if plan.settings.tokens > context:
        raise KnError(
            f"{plan.source} reads at most {context} tokens: give --tokens {context} or fewer"
        )
    prompts = TokenizedPrompts.joined(
        tokenize(tokenizer, np.asarray(ids), texts.to_pylist(), plan.settings.tokens)
        for ids, texts in _prompts(plan)
    )
    if not len(prompts):
        raise KnError(f"corpus {plan.corpus.key} holds no prompt: check what it was made from")
    return prompts


def _prompts(plan: AtlasPlan) -> Iterator[tuple[pa.Array, pa.Array]]:
    """Ids and texts of the atlas' prompts, some at a time."""
    left = plan.settings.limit
    for piece in plan.lake.pieces(plan.corpus, "prompts", ["prompt_id", "text"], _AT_ONCE):
        wanted = piece if left is None else piece.slice(0, left)
        yield wanted["prompt_id"], wanted["text"]
        if left is not None:
            left -= len(wanted)
            if left == 0:
                return
