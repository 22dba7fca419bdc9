"""Whole answers in one pass: each token is predicted from prompt and true tokens before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kn_assets.knowledge.questions import Question

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.load import LoadedModel


def positions(
    asked: Sequence[Question],
) -> tuple[list[tuple[int, ...]], list[list[int]], list[int]]:
    """What is read for whole answers: of each question prompt and answer but its last token, and
    the positions that predict the answer; then the answers' tokens, end to end.
    """
    texts = [(*q.ids, q.answer, *q.rest)[:-1] for q in asked]
    at = [
        list(range(len(q.ids) - q.n_prefix - 1, len(text)))
        for q, text in zip(asked, texts, strict=True)
    ]
    return texts, at, [token for q in asked for token in q.whole]


def answer_states(
    loaded: LoadedModel, texts: Sequence[tuple[int, ...]], at: Sequence[Sequence[int]]
) -> Tensor:
    """What the unembedding gets at positions `at` of the texts, end to end: [positions, width]."""
    import torch

    padded, row, column = padding(texts, at)
    device = next(loaded.model.parameters()).device
    states = loaded.parts.body(input_ids=padded.to(device), use_cache=False).last_hidden_state
    return states[torch.tensor(row, device=device), torch.tensor(column, device=device)]


def padding(
    texts: Sequence[tuple[int, ...]], at: Sequence[Sequence[int]]
) -> tuple[Tensor, list[int], list[int]]:
    """Texts as one array of ids, [texts, longest], and row and column of the positions in it.

    Padding stands on the right, where no position looks.
    """
    import torch

    padded = torch.zeros(len(texts), max(map(len, texts)), dtype=torch.long)
    for row, ids in zip(padded, texts, strict=True):
        row[: len(ids)] = torch.tensor(ids)
    places = [(i, position) for i, of in enumerate(at) for position in of]
    return padded, [i for i, _ in places], [position for _, position in places]
