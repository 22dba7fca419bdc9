"""Facts through training: when a model learns to answer them, and their saturation layer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kn_assets.atlas.forward.capture import capturing
from kn_assets.knowledge.likelihood import NextTokens, Whole
from kn_assets.knowledge.questions import Question
from kn_assets.knowledge.teacher_forcing import padding, positions
from kn_assets.lake.schema import STEPS
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.load import LoadedModel

_ROWS = 32
_OF_LAST_LAYER = ("probability", "rank", "logprob", "greedy", "fact_set")


def fact_lens(
    loaded: LoadedModel, questions: Iterable[Question], progress: Progress | None = None
) -> pa.Table:
    """The table `fact_lens`: the logit lens (nostalgebraist 2020) where each prompt is answered.

    After every layer probability and rank of each question's answer at the answer position, and the
    whole object's log-probability and whether each of its tokens is the likeliest; the last layer's
    are the model's own. Ranks are the worst of a tie. Rows in the order of questions, then layers.
    Raises KnError where logits aren't finite.
    """
    import torch

    asked = list(questions)
    n = loaded.parts.n_layers
    probability, rank, logprob = (np.zeros((len(asked), n)) for _ in range(3))
    greedy = np.zeros((len(asked), n), dtype=bool)
    order = sorted(range(len(asked)), key=lambda i: len(asked[i].ids))
    with (progress or Progress()).bar("lens of facts", len(asked), "prompts") as bar:
        for start in range(0, len(order), _ROWS):
            some = order[start : start + _ROWS]
            of = [asked[i] for i in some]
            texts, at, said = positions(of)
            lengths = [len(q.whole) for q in of]
            telling = np.cumsum([0, *lengths[:-1]]) + [q.n_prefix for q in of]
            with torch.no_grad():
                for layer, hidden in enumerate(_states(loaded, texts, at)):
                    found = NextTokens.of(loaded.parts.logits(hidden), said)
                    logprobs, ranks = found.logprobs.cpu().numpy(), found.ranks.cpu().numpy()
                    whole = Whole.of(logprobs, ranks, lengths)
                    probability[some, layer] = np.exp(logprobs[telling])
                    rank[some, layer] = ranks[telling]
                    logprob[some, layer], greedy[some, layer] = whole.logprobs, whole.greedy
            bar.advance(len(some))
    columns: dict[str, Any] = {
        "fact_id": np.repeat([q.fact_id for q in asked], n),
        "prompt": np.repeat([q.prompt for q in asked], n),
        "layer": np.tile(np.arange(n), len(asked)),
        "probability": probability.ravel().astype(np.float32),
        "rank": rank.ravel().astype(np.int32),
        "logprob": logprob.ravel().astype(np.float32),
        "greedy": greedy.ravel(),
        "fact_set": [q.fact_set for q in asked for _ in range(n)],
    }
    schema = STEPS["fact_lens"].schema
    return pa.table([pa.array(columns[f.name]).cast(f.type) for f in schema], schema=schema)


def fact_steps(
    lenses: Mapping[int, pa.Table], trained: Collection[tuple[int, int]] | None = None
) -> pa.Table:
    """The table `fact_steps`, from step -> that step's `fact_lens`.

    trained: (fact_id, prompt) of the prompts in the training text, None where unknown.

    The saturation layer is the first after which the answer ranks first to the end (Geva et al.
    2022); null where the answer is not first at the end.
    """
    rows = []
    for step in sorted(lenses):
        of_prompt: dict[tuple[int, int], list[dict[str, Any]]] = {}
        for r in lenses[step].to_pylist():
            of_prompt.setdefault((r["fact_id"], r["prompt"]), []).append(r)
        for (fact_id, prompt), layers in sorted(of_prompt.items()):
            layers.sort(key=lambda r: r["layer"])
            last = layers[-1]
            rows.append(
                {
                    "step": step,
                    "fact_id": fact_id,
                    "prompt": prompt,
                    "trained": None if trained is None else (fact_id, prompt) in trained,
                    "saturation_layer": saturation_layer([r["rank"] for r in layers]),
                    **{name: last[name] for name in _OF_LAST_LAYER},
                }
            )
    return pa.Table.from_pylist(rows, schema=STEPS["fact_steps"].schema)


def saturation_layer(ranks: list[int]) -> int | None:
    """First layer from which all `ranks` are 1; None where the last isn't."""
    wrong = [layer for layer, rank in enumerate(ranks) if rank != 1]
    first = wrong[-1] + 1 if wrong else 0
    return first if first < len(ranks) else None


def _states(
    loaded: LoadedModel, texts: Sequence[tuple[int, ...]], at: Sequence[Sequence[int]]
) -> list[Tensor]:
    """Each block's output at positions `at` of the texts, end to end: [positions, d_model]."""
    import torch

    device = next(loaded.model.parameters()).device
    padded, row, column = padding(texts, at)
    rows, columns = torch.tensor(row, device=device), torch.tensor(column, device=device)
    states: list[Tensor] = []

    def take(_layer: int, hidden: Tensor) -> None:
        states.append(hidden[rows, columns])

    with capturing(loaded.parts, residuals=take):
        loaded.parts.body(input_ids=padded.to(device), use_cache=False)
    return states
