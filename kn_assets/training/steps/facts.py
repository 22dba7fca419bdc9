"""Facts through training: when a model learns to answer them, and their saturation layer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kn_assets.atlas.forward.capture import capturing
from kn_assets.knowledge.questions import Question
from kn_assets.lake.schema import STEPS
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.load import LoadedModel

_ROWS = 32


def fact_lens(
    loaded: LoadedModel, questions: Iterable[Question], progress: Progress | None = None
) -> pa.Table:
    """The table `fact_lens`: the logit lens (nostalgebraist 2020) at each answer position.

    Probability and rank of each question's answer after every layer; the last layer's are the
    model's own. Ties are in the answer's favour. Rows in the order of questions, then layers.
    """
    import torch

    asked = list(questions)
    n = loaded.parts.n_layers
    probability = np.zeros((len(asked), n), dtype=np.float32)
    rank = np.zeros((len(asked), n), dtype=np.int32)
    order = sorted(range(len(asked)), key=lambda i: len(asked[i].ids))
    with (progress or Progress()).bar("lens of facts", len(asked), "prompts") as bar:
        for start in range(0, len(order), _ROWS):
            some = order[start : start + _ROWS]
            with torch.no_grad():
                states = _last_states(loaded, [asked[i].ids for i in some])
                answers = torch.tensor([asked[i].answer for i in some], device=states[0].device)
                for layer, hidden in enumerate(states):
                    p = loaded.parts.logits(hidden).float().softmax(-1)
                    own = p.gather(1, answers[:, None])
                    probability[some, layer] = own[:, 0].cpu().numpy()
                    rank[some, layer] = ((p > own).sum(1) + 1).cpu().numpy()
            bar.advance(len(some))
    columns: dict[str, Any] = {
        "fact_id": np.repeat([q.fact_id for q in asked], n),
        "prompt": np.repeat([q.prompt for q in asked], n),
        "layer": np.tile(np.arange(n), len(asked)),
        "probability": probability.ravel(),
        "rank": rank.ravel(),
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
        of_prompt: dict[tuple[int, int], list[tuple[int, int, float]]] = {}
        for r in lenses[step].to_pylist():
            found = of_prompt.setdefault((r["fact_id"], r["prompt"]), [])
            found.append((r["layer"], r["rank"], r["probability"]))
        for (fact_id, prompt), layers in sorted(of_prompt.items()):
            layers.sort()
            rows.append(
                {
                    "step": step,
                    "fact_id": fact_id,
                    "prompt": prompt,
                    "trained": None if trained is None else (fact_id, prompt) in trained,
                    "probability": layers[-1][2],
                    "rank": layers[-1][1],
                    "saturation_layer": saturation_layer([rank for _, rank, _ in layers]),
                }
            )
    return pa.Table.from_pylist(rows, schema=STEPS["fact_steps"].schema)


def saturation_layer(ranks: list[int]) -> int | None:
    """First layer from which all `ranks` are 1; None where the last isn't."""
    wrong = [layer for layer, rank in enumerate(ranks) if rank != 1]
    first = wrong[-1] + 1 if wrong else 0
    return first if first < len(ranks) else None


def _last_states(loaded: LoadedModel, prompts: list[tuple[int, ...]]) -> list[Tensor]:
    """Each block's output at the prompts' last tokens: [prompts, d_model] a layer.

    Padding stands on the right, where no token looks.
    """
    import torch

    device = next(loaded.model.parameters()).device
    lengths = torch.tensor([len(ids) for ids in prompts])
    padded = torch.zeros(len(prompts), int(lengths.max()), dtype=torch.long)
    for row, ids in zip(padded, prompts, strict=True):
        row[: len(ids)] = torch.tensor(ids)
    every, last = torch.arange(len(prompts), device=device), (lengths - 1).to(device)
    states: list[Tensor] = []

    def take(_layer: int, hidden: Tensor) -> None:
        states.append(hidden[every, last])

    with capturing(loaded.parts, residuals=take):
        loaded.parts.body(input_ids=padded.to(device), use_cache=False)
    return states
