"""`kn bench lens`: the logit lens over the bare product of the same hidden states and dtype.

The bare product is the unembedding alone, cut into as many tokens at a time as suits it best
(outputs under 32 MB, which cost no fresh pages), nothing done with the logits. The lens gives five
likeliest tokens with float32 probabilities, and probability and rank of the next token, for each
token and layer, a batch at a time in the streams that a run has. The forward pass of the model
without its head is timed in the same rounds, and probabilities are compared with a softmax in
float64 over the same states.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, cast

import numpy as np

from kn_assets.atlas.forward.batches import TOKENS_PER_BATCH, batches
from kn_assets.atlas.forward.capture import capturing, forward
from kn_assets.atlas.forward.streams import in_streams
from kn_assets.atlas.forward.tokens import TokenizedPrompts
from kn_assets.atlas.lens.lens import Lens, lens
from kn_assets.atlas.loaded import load_model, tokenized
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.bench.extract import prepared
from kn_assets.bench.result import Figure, Result
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.load import LoadedModel

_LOGITS = 24 << 20  # bytes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="smollm2-135m", help="default smollm2-135m")
    parser.add_argument("--corpus", default="geonames", help="default geonames")
    parser.add_argument("--prompts", type=int, default=64, help="default 64")
    parser.add_argument("--layers", type=int, default=3, help="layers timed, evenly; default 3")
    parser.add_argument("--dtype", default="auto", help="float32, bfloat16 or auto")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; default 5")


def run(args: argparse.Namespace) -> Result:
    """Time `--rounds` rounds of the bare product, the lens and the forward pass, in turn."""
    import torch

    settings = AtlasSettings(
        corpus=args.corpus, model=args.model, limit=args.prompts, dtype=args.dtype
    ).checked()
    with tempfile.TemporaryDirectory(prefix="kn-bench-") as place, torch.inference_mode():
        plan = prepared(Path(place), settings)
        loaded = load_model(plan, Progress())
        prompts = tokenized(plan, loaded.tokenizer, loaded.parts.context)
        every = max(1, loaded.parts.n_layers // args.layers)
        states = {
            layer: hidden
            for layer, hidden in _states(loaded, prompts).items()
            if layer % every == every - 1
        }
        following = torch.from_numpy(_following(prompts))
        normed = [loaded.parts.project_out(loaded.parts.final_norm(h)) for h in states.values()]

        found: list[Lens] = []
        pieces = [
            piece
            for hidden in states.values()
            for piece in zip(
                hidden.split(TOKENS_PER_BATCH), following.split(TOKENS_PER_BATCH), strict=True
            )
        ]

        def one(piece: tuple[Tensor, Tensor]) -> Lens:
            with torch.inference_mode():
                return lens(loaded.parts, *piece)

        def ours() -> None:
            found[:] = in_streams(one, pieces, "cpu")

        work: dict[str, Callable[[], None]] = {
            "bare product": lambda: _product(loaded, normed),
            "lens": ours,
            "forward": lambda: _forward(loaded, prompts),
        }
        for once in work.values():  # the first time touches memory for the first time
            once()
        walls: dict[str, list[float]] = {name: [] for name in work}
        for _ in range(args.rounds):
            for name, once in work.items():
                start = time.perf_counter()
                once()
                walls[name].append(time.perf_counter() - start)
        each = len(found) // len(states)
        whole = [_joined(found[i : i + each]) for i in range(0, len(found), each)]
        off, ranks = _compared(loaded, normed, following, whole)
        n_layers = loaded.parts.n_layers
        of_all = n_layers / len(states)
        figures: dict[str, Figure] = {
            "bare product, s a layer": median(walls["bare product"]) / len(states),
            "lens, s a layer": median(walls["lens"]) / len(states),
            "forward, s": median(walls["forward"]),
            "lens of all layers over the forward": of_all * _ratio(walls["lens"], walls["forward"]),
            "product of all layers over the forward": of_all
            * _ratio(walls["bare product"], walls["forward"]),
            "largest error of a probability": off,
            "ranks of the next token that are exact": ranks,
        }
        told = {"prompts": args.prompts, "tokens": len(prompts.ids), "rounds": args.rounds}
        return Result(
            "lens",
            _ratio(walls["lens"], walls["bare product"]),
            "the bare product with the unembedding",
            figures,
            {
                "model": args.model,
                "corpus": args.corpus,
                "dtype": plan.dtype,
                "layers": ",".join(map(str, states)),
                "threads": torch.get_num_threads(),
                **told,
            },
        )


def _joined(pieces: list[Lens]) -> Lens:
    columns = zip(*(astuple(piece) for piece in pieces), strict=True)
    return Lens(*(np.concatenate(column) for column in columns))


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return median(o / t for o, t in zip(ours, theirs, strict=True))


def _states(loaded: LoadedModel, prompts: TokenizedPrompts) -> dict[int, Tensor]:
    """The output of each block at every token, in the order of the prompts' tokens."""
    import torch

    n, d = len(prompts.ids), loaded.parts.d_model
    dtype = next(loaded.model.parameters()).dtype
    states = {layer: torch.empty(n, d, dtype=dtype) for layer in range(loaded.parts.n_layers)}
    for batch in batches(prompts):
        real = np.flatnonzero(batch.index.ravel() >= 0)
        at = torch.from_numpy(batch.index.ravel()[real])

        def take(layer: int, rows: Tensor, at: Tensor = at, real: np.ndarray = real) -> None:
            states[layer][at] = rows.reshape(-1, d)[torch.from_numpy(real)]

        with capturing(loaded.parts, residuals=take):
            forward(loaded, batch.ids)
    return states


def _following(prompts: TokenizedPrompts) -> np.ndarray:
    following = np.append(prompts.ids[1:], -1).astype(np.int64)
    following[prompts.starts[1:] - 1] = -1
    return following


def _forward(loaded: LoadedModel, prompts: TokenizedPrompts) -> None:
    for batch in batches(prompts):
        forward(loaded, batch.ids)


def _product(loaded: LoadedModel, normed: list[Tensor]) -> None:
    import torch

    weight = cast("Tensor", loaded.parts.unembedding.weight)
    at_once = max(1, _LOGITS // (len(weight) * weight.element_size()))
    for of_layer in normed:
        for rows in of_layer.split(at_once):
            torch.nn.functional.linear(rows, weight)


def _compared(
    loaded: LoadedModel, normed: list[Tensor], following: Tensor, found: list[Lens]
) -> tuple[float, float]:
    """Largest error against a softmax in float64, and the share of ranks that are exact."""
    import torch

    weight = cast("Tensor", loaded.parts.unembedding.weight).double()
    real = following >= 0
    off, exact = 0.0, []
    for rows, one in zip(normed, found, strict=True):
        for at in torch.arange(len(rows)).split(256):
            wanted = torch.softmax(rows[at].double() @ weight.T, 1)
            best = wanted.topk(one.ids.shape[1], dim=1).values.numpy()
            off = max(off, float(np.abs(best - one.probabilities[at]).max()))
            of_next = wanted.gather(1, following[at].clamp(min=0)[:, None])
            ranks = ((wanted > of_next).sum(1) + 1)[real[at]].numpy()
            difference = of_next[:, 0].numpy() - one.next_probability[at]
            off = max(off, float(np.abs(difference[real[at].numpy()]).max()))
            exact.append(ranks == one.next_rank[at][real[at].numpy()])
    return off, float(np.concatenate(exact).mean())
