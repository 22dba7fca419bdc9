"""Relevance patching: one backward pass in which what isn't linear is held (RelP).

Layer-wise relevance propagation as gradients (arXiv 2508.21258; on neurons, arXiv 2601.22594): the
denominators of norms, attention patterns and the ratios of activation functions, act(x) / x, are
constants, and at a gated product half of the relevance goes to each factor. The score of a unit is
then (its clean value - its contrast's) times this gradient.

With all that held the logit difference is a sum over its sources, the embeddings and the biases, of
value times gradient. How nearly it is one tells whether the architecture was understood:
`Relevance.error`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from kn_assets.atlas.direct.held import Held
from kn_assets.knowledge.circuits.gradients import difference_times, places
from kn_assets.knowledge.circuits.units import UnitScores
from kn_assets.knowledge.circuits.whole_prompt import Seen

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kn_assets.atlas.direct.layout import Layout
    from kn_assets.knowledge.circuits.pair import Pair

LARGEST_ERROR = 0.01
"""Share of the logit difference that may be missing where a model counts as linearizable."""
_SMALL = 1e-6


@dataclass(frozen=True, eq=False)
class Relevance:
    """scores: of each pair. difference: the clean prompt's logit difference of each; sources: what
    its embeddings and biases sum to.
    """

    scores: list[UnitScores]
    difference: list[float]
    sources: list[float]

    @property
    def error(self) -> float:
        """Largest |sources - difference| / |difference|; infinite where a difference is 0."""
        return max(
            abs(s - d) / abs(d) if d else float("inf")
            for s, d in zip(self.sources, self.difference, strict=True)
        )

    @property
    def conserved(self) -> bool:
        """Whether this model can be linearized so: else the scores mean little."""
        return self.error <= LARGEST_ERROR


def relevance(pairs: Sequence[Pair]) -> Relevance:
    """Of each pair of one clean prompt. Raises KnError where a gradient isn't finite."""
    clean = pairs[0].clean
    leaf = clean.values.inputs[0][None].detach().requires_grad_()
    seen, biases = Seen(), _Biases()
    with torch.enable_grad(), _held(clean.layout, biases), Held():
        logits = _capped(clean.parts, clean.run(0, leaf, seen=seen))[0]
        scores, sums = [], []
        for pair in pairs:
            wanted = [*places(leaf, seen), *(o for o, _ in biases.added)]
            found = torch.autograd.grad(
                pair.metric(logits[None])[0], wanted, retain_graph=True, allow_unused=True
            )
            n = len(wanted) - len(biases.added)
            of_units = [
                (torch.zeros_like(w) if g is None else g).reshape(len(clean.ids), -1)
                for g, w in zip(found[:n], wanted[:n], strict=True)
            ]
            scores.append(difference_times(pair, of_units))
            embedded = float((of_units[0].double() * clean.values.inputs[0].double()).sum())
            added = sum(
                float((g.double() * bias.double()).sum())
                for g, (_, bias) in zip(found[n:], biases.added, strict=True)
                if g is not None
            )
            sums.append(embedded + added + _of_head(clean.parts, pair, logits))
    return Relevance(scores, [p.difference for p in pairs], sums)


def _capped(parts: Any, hidden: Tensor) -> Tensor:
    """Logits whose cap, where there is one, is a ratio that is held: [1, vocab_size]."""
    raw = parts.unembedding(parts.project_out(parts.final_norm(hidden))) * parts.logit_scale
    if parts.logit_cap is None:
        return raw
    return _ratio_held(raw, (raw.detach() / parts.logit_cap).tanh() * parts.logit_cap)


def _of_head(parts: Any, pair: Pair, logits: Tensor) -> float:
    """What the unembedding's own bias adds to the logit difference."""
    bias = parts.unembedding.bias
    if bias is None:
        return 0.0
    scaled = bias.detach() * parts.logit_scale
    return float(scaled[pair.answer] - scaled[pair.against])


@dataclass(eq=False)
class _Biases:
    """Outputs of modules that add a bias, with the bias."""

    added: list[tuple[Tensor, Tensor]]

    def __init__(self) -> None:
        self.added = []


@contextmanager
def _held(layout: Layout, biases: _Biases) -> Iterator[None]:
    """While open, activation functions are ratios, and gated products halve what flows back."""
    parts = layout.parts
    handles = []
    try:
        for layer, block in enumerate(parts.blocks):
            inside = set(parts.attentions[layer].modules())
            for module in block.modules():
                if module not in inside and _is_function(module):
                    handles.append(module.register_forward_hook(_holding))
            if gated(layout, layer):
                handles.append(parts.mlp_outputs[layer].register_forward_pre_hook(_halving))
        for module in parts.body.modules():
            if _adds_bias(module):
                handles.append(module.register_forward_hook(_noting(biases)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def gated(layout: Layout, layer: int) -> bool:
    """Whether a layer's neurons are products: its MLP reads twice as many values as neurons."""
    from kn_assets.models.structure import input_major

    widths = [input_major(m).shape[1] for m in layout.mlp_inputs[layer]]
    return sum(widths) >= 2 * layout.parts.n_neurons


def _is_function(module: nn.Module) -> bool:
    """A module without parts and weights of its own: an activation function, or dropout, which
    does nothing here. Norms without weights are held by `Held`.
    """
    bare = not list(module.children()) and not list(module.parameters(recurse=False))
    return bare and "norm" not in type(module).__name__.lower()


def _holding(_module: Any, args: tuple[Any, ...], output: Any) -> Any:
    given = args[0] if args else None
    if not isinstance(given, torch.Tensor) or not isinstance(output, torch.Tensor):
        return None
    return _ratio_held(given, output) if given.shape == output.shape else None


def _ratio_held(given: Tensor, output: Tensor) -> Tensor:
    """`output`, as the input times a constant; where the input is all but 0, its relevance is."""
    x, y = given.detach(), output.detach()
    ratio = torch.where(x.abs() > _SMALL, y / x, torch.zeros_like(x))
    return y + ratio * (given - x)


def _halving(_module: Any, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    whole = args[0].detach()
    return (whole + 0.5 * (args[0] - whole), *args[1:])


def _adds_bias(module: nn.Module) -> bool:
    from torch import nn

    bias = getattr(module, "bias", None)
    return isinstance(bias, nn.Parameter) and bias.ndim == 1


def _noting(biases: _Biases) -> Any:
    def hook(module: Any, _args: Any, output: Any) -> Any:
        if not isinstance(output, torch.Tensor) or not output.requires_grad:
            return None
        biases.added.append((output, module.bias.detach()))
        return output.clone()  # what follows may change it in place

    return hook
