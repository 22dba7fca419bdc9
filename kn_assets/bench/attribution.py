"""`kn bench attribution`: knowledge attribution of one fact, against the plain loop.

The plain loop sends the whole prompt through the whole model, forward and backward, once for each
layer and step: what the method says, written down. It takes no gradient of weights and computes the
same numbers; how far the two differ is a figure. It runs the model as it was loaded, attribution
has the faster products of `models.linears`, as in `kn knowledge`. Since the loop takes minutes it
is run for some layers that are spread evenly, and its time is scaled to all of them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.bench.result import Figure, Result
from kn_assets.knowledge.attribution import RULE, STEPS, Rule, attribute, nodes
from kn_assets.knowledge.last_token import last_token
from kn_assets.knowledge.questions import Question, single
from kn_assets.lake import Lake
from kn_assets.models import embedded
from kn_assets.models.linears import use_onednn_linears
from kn_assets.models.load import LoadedModel, load
from kn_assets.models.source import resolve
from kn_assets.progress import TerminalProgress

if TYPE_CHECKING:
    from torch import Tensor

RULES: tuple[Rule, ...] = ("right", "midpoint", "gauss")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default=embedded.KEY, help="default: %(default)s, embedded")
    parser.add_argument("--prompt", default="The capital of France is", help="default: %(default)s")
    parser.add_argument("--answer", default="Paris", help="default: %(default)s")
    parser.add_argument("--steps", type=int, default=STEPS, help="default: %(default)s")
    parser.add_argument("--rule", choices=RULES, default=RULE, help="default: %(default)s")
    parser.add_argument(
        "--plain-layers",
        type=int,
        default=6,
        help="layers that the plain loop is run for; 0 for all (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> Result:
    """Time both ways in turn, layer by layer, and compare their scores."""
    progress = TerminalProgress()
    loaded, untouched = (load(resolve(args.model), Lake(), progress=progress) for _ in range(2))
    n_onednn = use_onednn_linears(loaded.model)
    question = single(loaded.tokenizer, args.prompt, args.answer)
    n_layers = loaded.parts.n_layers
    layers = _spread(n_layers, args.plain_layers or n_layers)
    fast: list[float] = []
    slow: list[float] = []
    difference = 0.0
    _fast(loaded, question, args)  # to warm up
    with progress.bar("plain loop", len(layers), "layers") as bar:
        for layer in layers:
            started = time.perf_counter()
            wanted = plain(untouched, question, layer, args.steps, args.rule)
            slow.append(time.perf_counter() - started)
            started = time.perf_counter()
            found = _fast(loaded, question, args)
            fast.append(time.perf_counter() - started)
            difference = max(difference, float(np.abs(found.scores[layer] - wanted).max()))
            bar.advance()
    plain_s = sum(slow) * n_layers / len(layers)
    fast_s = statistics.median(fast)
    figures: dict[str, Figure] = {
        "attribution": {"s": fast_s, "fastest_s": min(fast)},
        "plain loop": {"s": plain_s, "layers_run": len(layers)},
        "largest score": float(found.scores.max()),
        "largest difference of a score": difference,
        "probability of the answer": found.actual,
    }
    last = last_token(loaded, question.ids)
    for rule in RULES:
        gaps = attribute(last, question.answer, args.steps, rule).relative_errors
        figures[f"completeness gap, {rule}"] = {
            "median": float(np.nanmedian(gaps)),
            "p90": float(np.nanquantile(gaps, 0.9)),
        }
    return Result(
        name="attribution",
        ratio=plain_s / fast_s,
        baseline="faster than a forward and backward pass through the whole model for each layer "
        "and step",
        figures=figures,
        settings={
            "model": args.model,
            "prompt": args.prompt,
            "answer": args.answer,
            "tokens": len(question.ids),
            "layers": n_layers,
            "steps": args.steps,
            "rule": args.rule,
            "plain_layers": layers,
            "linear_maps_by_onednn": n_onednn,
        },
    )


def plain(
    loaded: LoadedModel, question: Question, layer: int, steps: int, rule: Rule
) -> np.ndarray:
    """Scores of one layer, float32 [neurons], by one pass through the whole model a step."""
    import torch

    ids = torch.tensor([question.ids], device=next(loaded.model.parameters()).device)
    w = _through(loaded, ids, question.answer, layer, None)[1][-1].detach()
    mean = torch.zeros_like(w)
    for alpha, weight in zip(*nodes(rule, steps), strict=True):
        leaf = (float(alpha) * w).requires_grad_()
        with torch.enable_grad():
            probability, _ = _through(loaded, ids, question.answer, layer, leaf)
            mean += float(weight) * torch.autograd.grad(probability, leaf)[0]
    return (w * mean).cpu().numpy()


def _through(
    loaded: LoadedModel, ids: Tensor, answer: int, layer: int, last: Tensor | None
) -> tuple[Tensor, Tensor]:
    """P(answer), and a layer's activations [tokens, neurons], the last row replaced by `last`."""
    import torch

    seen: list[Tensor] = []

    def hook(_module: Any, args: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
        whole = args[0].reshape(-1, args[0].shape[-1])
        seen.append(whole)
        if last is None:
            return None
        return (torch.cat([whole[:-1], last[None]]).reshape(args[0].shape),)

    handle = loaded.parts.mlp_outputs[layer].register_forward_pre_hook(hook)
    try:
        logits = loaded.model(input_ids=ids, use_cache=False).logits[0, -1]
    finally:
        handle.remove()
    return logits.float().softmax(-1)[answer], seen[0]


def _fast(loaded: LoadedModel, question: Question, args: argparse.Namespace) -> Any:
    return attribute(
        last_token(loaded, question.ids), question.answer, steps=args.steps, rule=args.rule
    )


def _spread(n: int, k: int) -> list[int]:
    """`k` of `n` layers whose mean depth is that of all."""
    return sorted({int((i + 0.5) * n / min(k, n)) for i in range(min(k, n))})
