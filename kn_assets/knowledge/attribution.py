"""Knowledge attribution: integrated gradients over the neurons of each layer (Dai et al. 2021).

For the activations w of one layer at the answer position (the prompt's last) and P the probability
of the answer as next token (arXiv 2104.08696, equations 3 and 4)

    Attr_i = w_i * integral_0^1 dP(alpha w)/dw_i dalpha  ~  w_i * sum_k c_k dP(alpha_k w)/dw_i

A whole layer is scaled together, one layer at a time. The sum of Attr over a layer tends to
P(actual) - P(that layer zeroed) as the steps grow (completeness): every result carries that check.

All layers go through the network as one wave: the rows of scaled layer 0 enter at its output
projection, at each further block the rows of the next layer join them, and one backward pass gives
all gradients, since no row depends on another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from kn_assets.errors import KnError

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.knowledge.last_token import LastToken
    from kn_assets.models.parts import Parts

Rule = Literal["right", "midpoint", "gauss"]
STEPS = 20
RULE: Rule = "midpoint"
ROWS = 700  # rows of a wave: bounds the memory that the gradients take
_HEAD_ROWS = 128


@dataclass(frozen=True)
class Attribution:
    """Attribution of one answer to all neurons of some layers.

    layers: the layers [k]; scores: float32 [k, neurons]; actual: the answer's probability; zeroed:
    float64 [k], its probability with the layer's neurons zeroed at the answer position.
    """

    layers: list[int]
    scores: np.ndarray
    actual: float
    zeroed: np.ndarray

    @property
    def attribution_sums(self) -> np.ndarray:
        """Sum of the scores of each layer, float64 [k]."""
        return self.scores.sum(1, dtype=np.float64)

    @property
    def probability_drops(self) -> np.ndarray:
        """P(actual) - P(layer zeroed), float64 [k], which the sums approximate."""
        return self.actual - self.zeroed

    @property
    def relative_errors(self) -> np.ndarray:
        """|sum - drop| / |drop| of each layer, float64 [k]; NaN where the drop is 0."""
        drops = self.probability_drops
        errors = np.abs(self.attribution_sums - drops)
        return np.divide(errors, np.abs(drops), where=drops != 0, out=errors * np.nan)


def nodes(rule: Rule, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Where in (0, 1] the gradient is taken and with what weight: float64 [steps] each.

    right: alpha = k/m, k = 1..m, the sum of Dai et al.; midpoint: alpha = (k - 1/2)/m, whose error
    falls with m squared; gauss: Gauss-Legendre nodes, exact for polynomials up to degree 2m - 1.
    """
    if rule not in get_args(Rule):
        raise KnError(f"{rule!r} is no rule: use one of {', '.join(get_args(Rule))}")
    if steps < 1:
        raise KnError("steps must be at least 1")
    if rule == "gauss":
        x, weight = np.polynomial.legendre.leggauss(steps)
        return (x + 1) / 2, weight / 2
    k = np.arange(1, steps + 1)
    at = k / steps if rule == "right" else (k - 0.5) / steps
    return at, np.full(steps, 1 / steps)


def attribute(
    last: LastToken,
    answer: int,
    steps: int = STEPS,
    rule: Rule = RULE,
    layers: Sequence[int] | None = None,
    rows: int = ROWS,
) -> Attribution:
    """Attribute the probability of token `answer` after the prompt to the neurons of `layers`.

    layers: all by default. rows: at most so many go through the network at once, but never fewer
    than one layer's steps; it changes no result. Gradients are exact (autograd), in the model's
    dtype. Raises KnError where one overflows.
    """
    chosen = list(range(last.parts.n_layers)) if layers is None else sorted(set(layers))
    alphas, weights = nodes(rule, steps)
    together = max(1, rows // (steps + 1))
    scores = np.empty((len(chosen), last.parts.n_neurons), np.float32)
    zeroed = np.empty(len(chosen))
    for start in range(0, len(chosen), together):
        group = chosen[start : start + together]
        part = slice(start, start + len(group))
        scores[part], zeroed[part] = _wave(last, answer, group, alphas, weights)
    wrong = np.argwhere(~np.isfinite(scores))
    if len(wrong):
        row, neuron = wrong[0]
        raise KnError(
            f"the attribution of neuron {neuron} of layer {chosen[row]} is no finite number: the "
            "gradient overflows, so nothing can be said of any neuron"
        )
    actual = float(last.probabilities()[answer])
    return Attribution(chosen, scores, actual, zeroed)


def _wave(
    last: LastToken, answer: int, layers: list[int], alphas: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Scores [layers, neurons] and P(layer zeroed) [layers] of some layers in one pass."""
    import torch

    actual = last.activations
    # The first row of each layer is the zeroed layer, which completeness is checked by.
    scale = torch.tensor([0.0, *alphas], dtype=torch.float64, device=actual.device)
    scaled: list[Tensor] = []
    with torch.enable_grad():
        hidden: Tensor | None = None
        for layer in range(layers[0], last.parts.n_layers):
            if hidden is not None:
                hidden = last.block(layer, hidden)
            if layer in layers:
                leaf = (scale[:, None] * actual[layer]).to(actual.dtype).requires_grad_()
                scaled.append(leaf)
                entered = last.enter(layer, leaf)
                hidden = entered if hidden is None else torch.cat([hidden, entered])
        assert hidden is not None
        probability, slope = _answer(last.parts, hidden.detach(), answer)
        gradients = torch.autograd.grad(hidden, scaled, slope)
    at_zero = probability[:: len(scale)].double().cpu().numpy()
    weight = torch.tensor(weights, dtype=torch.float64, device=actual.device)
    mean = torch.stack([weight @ g[1:].double() for g in gradients])
    scores = (mean * actual[layers].double()).float()
    return scores.cpu().numpy(), at_zero


def _answer(parts: Parts, hidden: Tensor, answer: int) -> tuple[Tensor, Tensor]:
    """P(answer) of [rows, 1, d_model] hidden states, float32 [rows], and its slope by them.

    A few rows at a time: what the head computes is as wide as the vocabulary.
    """
    import torch

    probabilities, slopes = [], []
    for part in hidden.split(_HEAD_ROWS):
        leaf = part.detach().requires_grad_()
        logits = parts.logits(leaf)[:, 0].float()
        probability = (logits[:, answer] - logits.logsumexp(1)).exp()
        slopes.append(torch.autograd.grad(probability.sum(), leaf)[0])
        probabilities.append(probability.detach())
    return torch.cat(probabilities), torch.cat(slopes)
