"""Attention knockout: some tokens no longer look at others, and the model runs on.

Before the softmax the scores from the one to the other become minus infinity, so that the rest of
the pattern still sums to one (Geva et al. 2023, arXiv 2304.14767). What is lost by it is measured:
everything after a cut is computed from it. Where a token would be left with nothing to look at, its
head brings nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from kn_assets.errors import KnError

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.atlas.direct.layout import Layout
    from kn_assets.knowledge.circuits.whole_prompt import WholePrompt


ROWS = 12
"""Changed prompts of a pass: few, so that cuts in late layers begin late."""


@dataclass(frozen=True)
class Cut:
    """From `positions` nothing of `sources` is seen in layers `first` to `last` (inclusive), by one
    head or, -1, by all.
    """

    first: int
    last: int
    positions: tuple[int, ...]
    sources: tuple[int, ...]
    head: int = -1


def knocked_out(clean: WholePrompt, cuts: Sequence[Cut], rows: int = ROWS) -> Tensor:
    """The prompt's logits with each cut alone: float32 [cuts, vocab_size].

    Raises KnError where a cut isn't the model's or the prompt's, where the model was loaded with an
    attention whose softmax can't be seen (anything but "eager"), or a block overflows.
    """
    for one in cuts:
        _refuse_unknown(clean, one)
    found = clean.logits.new_empty(len(cuts), len(clean.logits))
    order = sorted(range(len(cuts)), key=lambda i: cuts[i].first)
    for start in range(0, len(order), rows):
        some = order[start : start + rows]
        found[some] = _together(clean, [cuts[i] for i in some])
    return found


def _together(clean: WholePrompt, cuts: Sequence[Cut]) -> Tensor:
    first = min(c.first for c in cuts)
    blocked = _Blocked(clean.layout, len(clean.ids), cuts)
    with torch.no_grad(), blocked.watching(), blocked:
        hidden = clean.values.inputs[first].expand(len(cuts), -1, -1)
        logits = clean.parts.logits(clean.run(first, hidden)).float()
    if missed := {i for c in cuts for i in range(c.first, c.last + 1)} - blocked.seen:
        raise KnError(
            f"layer {min(missed)}'s attention has no softmax that could be seen: load the model "
            'with attention="eager"'
        )
    return logits


@dataclass(eq=False)
class _Blocked(TorchFunctionMode):
    """While open, softmaxes of attention layers see no more than the cuts leave."""

    layout: Layout
    n: int
    cuts: Sequence[Cut]
    seen: set[int] = field(default_factory=set)
    _layer: int | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") != "softmax" or self._layer is None:
            return func(*args, **kwargs)
        scores, *rest = args
        if scores.ndim < 3 or scores.shape[-2] != self.n:
            return func(*args, **kwargs)
        self.seen.add(self._layer)
        blocked = self._mask(scores)
        cut = scores.masked_fill(blocked, float("-inf"))
        # A mask of the model's own is as low a number as there is, or minus infinity.
        least = torch.finfo(scores.dtype).min / 2
        nothing = blocked.any(-1, keepdim=True) & (cut.amax(-1, keepdim=True) <= least)
        found: Tensor = func(cut, *rest, **kwargs)
        return found.masked_fill(nothing, 0.0)

    def _mask(self, scores: Tensor) -> Tensor:
        """Where no token may look, in the scores' shape: rows and their heads lie before [T, T]."""
        mask = torch.zeros(scores.shape, dtype=torch.bool, device=scores.device)
        by_row = mask.view(len(self.cuts), -1, *scores.shape[-2:])
        for row, one in enumerate(self.cuts):
            if self._layer is None or not one.first <= self._layer <= one.last:
                continue
            heads = range(by_row.shape[1]) if one.head < 0 else self.layout.patterns[one.head]
            for head in heads:
                for position in one.positions:
                    by_row[row, head, position, list(one.sources)] = True
        return mask

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While open, it is known in which layer's attention a softmax is."""

        def entering(layer: int) -> Any:
            def hook(_module: Any, _args: Any) -> None:
                self._layer = layer

            return hook

        def leaving(_module: Any, _args: Any, _output: Any) -> None:
            self._layer = None

        handles = []
        try:
            for layer, attention in enumerate(self.layout.parts.attentions):
                handles.append(attention.register_forward_pre_hook(entering(layer)))
                handles.append(attention.register_forward_hook(leaving))
            yield
        finally:
            for handle in handles:
                handle.remove()


def _refuse_unknown(clean: WholePrompt, one: Cut) -> None:
    n, layout = len(clean.ids), clean.layout
    in_model = 0 <= one.first <= one.last < layout.parts.n_layers
    in_prompt = all(0 <= at < n for at in (*one.positions, *one.sources))
    if not (in_model and in_prompt and -1 <= one.head < layout.n_heads):
        raise KnError(
            f"there is no attention from {list(one.positions)} to {list(one.sources)} in layers "
            f"{one.first} to {one.last}, head {one.head}: the model has "
            f"{layout.parts.n_layers} layers of {layout.n_heads} heads, the prompt {n} tokens, all "
            "from 0"
        )
