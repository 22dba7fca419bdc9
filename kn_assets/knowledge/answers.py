"""A model's answers to the prompts of facts: probability, rank and most likely tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kn_assets.atlas.forward import tokens
from kn_assets.knowledge.questions import Question
from kn_assets.knowledge.work import Part, Parts, at_once
from kn_assets.lake.schema import KNOWLEDGE
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.load import LoadedModel

TOP = 5
_ROWS = 32


def answer(
    loaded: LoadedModel,
    questions: Iterable[Question],
    progress: Progress | None = None,
    parts: Parts = at_once,
) -> pa.Table:
    """The table `fact_answers`: probability and rank of each answer, and the most likely tokens.

    Questions of like length go through the model together, a batch of them a part.
    """
    asked = list(questions)
    order = sorted(range(len(asked)), key=lambda i: len(asked[i].ids))
    batches = [
        [asked[i] for i in order[start : start + _ROWS]] for start in range(0, len(order), _ROWS)
    ]

    def make(left: list[int]) -> Iterator[Part]:
        done = len(asked) - sum(len(batches[i]) for i in left)
        with (progress or Progress()).bar("answers", len(asked), "prompts", done) as bar:
            for i in left:
                yield (_answered(loaded, batches[i]),)
                bar.advance(len(batches[i]))

    found = parts("answers", [str(i) for i in range(len(batches))], make)
    empty = KNOWLEDGE["fact_answers"].schema.empty_table()
    joined = pa.concat_tables([empty, *(table for (table,) in found)])
    return joined.take(pa.array(np.argsort(order), pa.int64()))


def _answered(loaded: LoadedModel, asked: list[Question]) -> pa.Table:
    """The rows of some questions that go through the model together."""
    import torch

    with torch.no_grad():
        logits = _last_logits(loaded, [q.ids for q in asked])
        told = Outcomes.of(logits, [q.answer for q in asked])
    shown = _pieces(loaded.tokenizer, [q.answer for q in asked])
    rows = [
        {
            "fact_id": q.fact_id,
            "prompt": q.prompt,
            "answer_prefix": "".join(
                tokens.pieces(loaded.tokenizer, list(q.ids))[len(q.ids) - q.n_prefix :]
            ),
            "position": len(q.ids) - 1,
            "answer_token_id": q.answer,
            "answer_token": token,
            **found,
        }
        for q, token, found in zip(asked, shown, told.rows(loaded.tokenizer), strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=KNOWLEDGE["fact_answers"].schema)


def known(fact_answers: pa.Table, share: float = 0.5) -> list[int]:
    """Ids of the facts answered correctly in at least `share` of their prompts."""
    correct: dict[int, list[bool]] = {}
    for row in fact_answers.select(["fact_id", "rank"]).to_pylist():
        correct.setdefault(row["fact_id"], []).append(row["rank"] == 1)
    return [fact for fact, hits in correct.items() if sum(hits) >= share * len(hits)]


@dataclass(frozen=True)
class Outcomes:
    """Answers under some next-token distributions, one row each.

    probabilities: float32 [rows]; ranks: int64 [rows], from 1, ties in the answer's favour;
    top_ids: int64 [rows, 5] and top_probabilities: float32 [rows, 5], the most likely first.
    """

    probabilities: np.ndarray
    ranks: np.ndarray
    top_ids: np.ndarray
    top_probabilities: np.ndarray

    @staticmethod
    def of(logits: Tensor, answers: list[int]) -> Outcomes:
        """logits: [rows, vocab_size]; answers: a token id for each row."""
        import torch

        p = logits.float().softmax(-1)
        chosen = p.gather(1, torch.tensor(answers, device=p.device)[:, None])
        top = p.topk(min(TOP, p.shape[1]), dim=1)
        return Outcomes(
            chosen[:, 0].cpu().numpy(),
            ((p > chosen).sum(1) + 1).cpu().numpy(),
            top.indices.cpu().numpy(),
            top.values.cpu().numpy(),
        )

    def rows(self, tokenizer: Any) -> list[dict[str, Any]]:
        """As dictionaries: probability, rank, top, top_probabilities."""
        n, k = self.top_ids.shape
        shown = _pieces(tokenizer, self.top_ids.ravel().tolist())
        return [
            {
                "probability": float(self.probabilities[i]),
                "rank": int(self.ranks[i]),
                "top": shown[i * k : (i + 1) * k],
                "top_probabilities": self.top_probabilities[i].tolist(),
            }
            for i in range(n)
        ]


def _last_logits(loaded: LoadedModel, prompts: list[tuple[int, ...]]) -> Tensor:
    """Logits after each prompt, [prompts, vocab_size]; padding stands on the right, unseen."""
    import torch

    lengths = torch.tensor([len(ids) for ids in prompts])
    padded = torch.zeros(len(prompts), int(lengths.max()), dtype=torch.long)
    for row, ids in zip(padded, prompts, strict=True):
        row[: len(ids)] = torch.tensor(ids)
    device = next(loaded.model.parameters()).device
    states = loaded.parts.body(input_ids=padded.to(device), use_cache=False).last_hidden_state
    last = states[torch.arange(len(prompts)), lengths - 1]
    return loaded.parts.logits(last, normed=True)


def _pieces(tokenizer: Any, ids: list[int]) -> list[str]:
    return tokenizer.batch_decode([[i] for i in ids], clean_up_tokenization_spaces=False)
