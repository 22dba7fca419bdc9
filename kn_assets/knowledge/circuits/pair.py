"""A prompt beside one of its contrasts, as the model runs them: values of both, and their
answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from kn_assets.errors import KnError
from kn_assets.knowledge.circuits.roles import Roles
from kn_assets.knowledge.circuits.whole_prompt import Values, WholePrompt

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.atlas.direct.layout import Layout
    from kn_assets.knowledge.circuits.contrasts import Contrast


@dataclass(frozen=True, eq=False)
class Pair:
    """clean: the fact's prompt; other: the contrast's values, at the clean prompt's positions;
    answer, against: ids of the answer and of the contrast's.

    What is explained is the *logit difference* logit(answer) - logit(against) after the prompt.
    """

    clean: WholePrompt
    other: Values
    answer: int
    against: int

    @property
    def difference(self) -> float:
        """The clean prompt's logit difference."""
        return float(self.metric(self.clean.logits[None])[0])

    def metric(self, logits: Tensor) -> Tensor:
        """The logit difference of [rows, vocab_size] logits: [rows]."""
        return logits[:, self.answer] - logits[:, self.against]


def pairs(
    layout: Layout, clean: WholePrompt, roles: Roles, answer: int, some: Sequence[Contrast]
) -> list[Pair]:
    """A prompt beside each of its contrasts. Raises KnError as `WholePrompt.of`."""
    found = []
    for one in some:
        runs = [WholePrompt.of(layout, other.question.ids) for other in one.others]
        if one.kind == "pair":
            (other,) = one.others
            found.append(Pair(clean, runs[0].values, answer, other.question.answer))
            continue
        at = [_places(roles, other.roles) for other in one.others]
        likeliest = max((o.question.answer for o in one.others), key=lambda t: clean.logits[t])
        found.append(Pair(clean, _mean([r.values for r in runs], at), answer, likeliest))
    return found


def of_tokens(
    layout: Layout, clean: WholePrompt, other_ids: Sequence[int], answer: int, against: int
) -> Pair:
    """A prompt beside one of as many tokens. Raises KnError where it has another number."""
    if len(other_ids) != len(clean.ids):
        raise KnError(
            f"the contrast has {len(other_ids)} tokens and the prompt {len(clean.ids)}: choose one "
            "with as many, so that each token has its counterpart"
        )
    if answer == against:
        raise KnError("both answers begin with the same token: nothing tells them apart")
    return Pair(clean, WholePrompt.of(layout, other_ids).values, answer, against)


def _places(own: Roles, other: Roles) -> list[int]:
    """For each position of a prompt the one that plays its part in another of the same wording.

    The subject's tokens are counted from its end; where the other has fewer, its first stands for
    the rest.
    """
    found = []
    for position in range(own.n):
        if position < own.start:
            found.append(position)
        elif position < own.end:
            found.append(max(other.start, other.end - (own.end - position)))
        else:
            found.append(position - own.end + other.end)
    return found


def _mean(all_values: Sequence[Values], at: Sequence[list[int]]) -> Values:
    def of(name: str) -> list[Tensor]:
        by_prompt = [
            [layer[places] for layer in getattr(values, name)]
            for values, places in zip(all_values, at, strict=True)
        ]
        return [torch.stack(of_layer).mean(0) for of_layer in zip(*by_prompt, strict=True)]

    return Values(of("inputs"), of("heads"), of("neurons"))
