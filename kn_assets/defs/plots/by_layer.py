"""Pictures over the layers of a model."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from kn_assets.checks.run_facts import RunFacts
from kn_assets.defs.plots.canvas import (
    ACCENT,
    DARK,
    LIGHT,
    MID,
    canvas,
    labelled,
    layered,
    legend,
    line,
    titled,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kn_assets.defs.plots.source import Source


def thresholds(source: Source) -> Figure | None:
    """The |activation| from which on a neuron fired."""
    layer, threshold, density = source.read("layer", "threshold", "target_density")
    figure, (ax,) = canvas()
    line(ax, threshold[np.argsort(layer)])
    ax.set_yscale("log")
    _plain_ticks(ax.yaxis)
    layered(ax, "threshold of |activation|", len(layer))
    share = np.asarray(density, float)
    known = np.isfinite(share).all() and len(set(share.tolist())) == 1
    why = f" (aimed at {100 * share[0]:.3g} % of values)" if known else ""
    titled(figure, source.partition.key, f"the value from which on a neuron fired{why}")
    return figure


def fired(source: Source) -> Figure | None:
    """Fired neurons per token; per layer where the number of tokens isn't known."""
    counts = np.zeros(0, np.int64)
    facts = RunFacts(source.lake, source.partition, source.table)
    sinks = facts.sinks
    for layer, prompt, position in source.batches("layer", "prompt_id", "position"):
        counted = layer if sinks is None else layer[~sinks.at(prompt, position)]
        counts = _sum(counts, np.bincount(counted))
    if not len(counts):
        return None
    n_tokens = 0 if sinks is None or facts.lengths is None else int(facts.lengths.sum()) - sinks.n
    figure, (ax,) = canvas()
    y = counts / n_tokens if n_tokens else counts
    ax.bar(range(len(y)), y, color=MID, width=0.75)
    layered(ax, "fired neurons per token" if n_tokens else "fired neurons", len(y))
    left_out = "" if sinks is None else ", attention sinks left out"
    titled(figure, source.partition.key, f"neurons that fired{left_out}")
    return figure


def neurons(source: Source) -> Figure | None:
    """How often neurons fire, and how large their means are."""
    layer, rate, mean = source.read("layer", "firing_rate", "mean")
    figure, (left, right) = canvas(2)
    often = rate[rate > 0]
    if len(often):
        edges = np.geomspace(often.min() / 1.01, often.max() * 1.01, 25)
        left.hist(often, bins=edges.tolist(), color=MID)
        left.set_xscale("log")
    never = f"{int((rate == 0).sum()):,} of {len(rate):,}"
    labelled(left, f"firing rate ({never} neurons never fired)", "neurons")
    size = _by_layer(layer, np.abs(np.asarray(mean, float)), np.mean)
    line(right, size)
    layered(right, "mean of neurons' |mean activation|", len(size))
    _from_zero(right, size)
    titled(figure, source.partition.key, "how often and how much neurons fire")
    return figure


def strongest(source: Source) -> Figure | None:
    """Each neuron's largest and smallest value: the middle 80 % of neurons and the extreme."""
    found: list[tuple[np.ndarray, ...]] = []
    for layer, sign, rank, activation in source.batches("layer", "sign", "rank", "activation"):
        first = (rank == 1) & np.isfinite(activation)
        found.append((layer[first], sign[first], activation[first]))
    layer, sign, activation = (np.concatenate(c) for c in zip(*found, strict=True))
    if not len(layer):
        return None
    figure, (ax,) = canvas()
    n_layers = int(layer.max()) + 1
    for which, colour, word, width in ((1, DARK, "largest", 3), (-1, ACCENT, "smallest", 1.2)):
        mine = sign == which
        size = np.abs(activation[mine])
        if not len(size):
            continue
        low, median, high, most = (
            _by_layer(layer[mine], size, partial(np.quantile, q=q), n_layers)
            for q in (0.1, 0.5, 0.9, 1.0)
        )
        ax.fill_between(range(n_layers), low, high, color=colour, alpha=0.15, linewidth=0)
        what = f"{word} value: median and 80 % of neurons"
        line(ax, median, what, colour, linewidth=width, markersize=1 + width)
        line(ax, most, f"{word} value: strongest neuron", colour, linestyle=":", linewidth=1.2)
    ax.set_yscale("log")
    _plain_ticks(ax.yaxis)
    layered(ax, "|activation|", n_layers)
    legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5))
    titled(figure, source.partition.key, "each neuron's strongest activations")
    return figure


def lens(source: Source) -> Figure | None:
    """Median probability of the token that follows and of the likeliest token."""
    columns, share = source.sample("layer", "rank", "probability", "next_probability")
    layer, rank, likeliest, following = columns
    first = rank == 1
    layer, likeliest, following = layer[first], likeliest[first], following[first]
    if not len(layer):
        return None
    figure, (ax,) = canvas()
    line(ax, _by_layer(layer, likeliest, np.median), "likeliest token", LIGHT, marker="s")
    line(ax, _by_layer(layer, following, np.median), "token that really follows", DARK)
    ax.set_yscale("log")
    if ax.get_ylim()[0] > 1e-3:
        _plain_ticks(ax.yaxis)
    layered(ax, "median probability over tokens", int(layer.max()) + 1)
    legend(ax, loc="best")
    titled(figure, source.partition.key, f"what each layer would predict{_sampled(share)}")
    return figure


def lens_quality(source: Source) -> Figure | None:
    """How far each lens is from the model's own output; the last layer, where both are it, not."""
    layer, name, kl, agreement = source.read("layer", "lens", "kl", "top1_agreement")
    n_layers = int(layer.max()) + 1
    if n_layers < 2:
        return None
    figure, (left, right) = canvas(2)
    for lens, colour in (("logit", LIGHT), ("linear", DARK)):
        of_lens = name == lens
        order = np.argsort(layer[of_lens])
        line(left, kl[of_lens][order][:-1], f"{lens} lens", colour)
        line(right, agreement[of_lens][order], f"{lens} lens", colour)
    layered(left, "KL from the model's output, nats", n_layers)
    layered(right, "same likeliest token, share", n_layers)
    left.set_ylim(bottom=0)
    right.set_ylim(0, 1.02)
    legend(left, loc="upper right")
    titled(figure, source.partition.key, "how near each lens is to the model, held-out prompts")
    return figure


def fact_lens(source: Source) -> Figure | None:
    """How many answers to facts each layer ranks first, and how likely it holds them."""
    layer, rank, probability = source.read("layer", "rank", "probability")
    n_layers = int(layer.max()) + 1
    figure, (left, right) = canvas(2)
    left.bar(range(n_layers), _by_layer(layer, rank == 1, np.mean), color=MID, width=0.75)
    layered(left, "share of answers ranked first", n_layers)
    low, median, high = (
        _by_layer(layer, probability, partial(np.quantile, q=q), n_layers) for q in (0.1, 0.5, 0.9)
    )
    right.fill_between(range(n_layers), low, high, color=MID, alpha=0.2, linewidth=0)
    line(right, median, "median and 80 % of prompts")
    layered(right, "probability of the answer", n_layers)
    for ax in (left, right):
        ax.set_ylim(0, 1)
    legend(right, loc="lower right")
    n = int((layer == 0).sum())
    titled(figure, source.partition.key, f"what each layer would answer to {n:,} prompts of facts")
    return figure


def attention(source: Source) -> Figure | None:
    """How far back heads look on average, and how much of it goes to position 0."""
    columns, share = source.sample("layer", "position", "source_position", "weight")
    layer, position, origin, weight = columns
    later = (position > 0) & np.isfinite(weight)
    layer, position, origin, weight = (
        c[later] for c in (layer, position, origin, weight.astype(np.float64))
    )
    if not len(layer):
        return None
    n_layers = int(layer.max()) + 1
    n = np.bincount(layer[origin == 0], minlength=n_layers)
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = np.bincount(layer, weight * (position - origin), n_layers) / n
        sink = np.bincount(layer, weight * (origin == 0), n_layers) / n
    figure, (left, right) = canvas(2)
    line(left, distance)
    layered(left, "mean distance (tokens)", n_layers)
    _from_zero(left, distance)
    right.bar(range(n_layers), sink, color=MID, width=0.75)
    layered(right, "share of attention on position 0", n_layers)
    right.set_ylim(0, 1)
    titled(
        figure, source.partition.key, f"where attention looks, from position 1 on{_sampled(share)}"
    )
    return figure


def _by_layer(
    layer: np.ndarray,
    values: np.ndarray,
    summary: Callable[[np.ndarray], float],
    n_layers: int | None = None,
) -> np.ndarray:
    """A summary of each layer's finite values, float64 [layers]; NaN where a layer has none."""
    real = np.isfinite(values)
    layer, values = layer[real], values[real]
    order = np.argsort(layer, kind="stable")
    n = n_layers or (int(layer.max()) + 1 if len(layer) else 0)
    pieces = np.split(values[order], np.searchsorted(layer[order], np.arange(1, n)))
    return np.array([summary(p) if len(p) else np.nan for p in pieces], float)


def _sum(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The sum of two arrays of counts of different lengths."""
    total = np.zeros(max(len(a), len(b)), np.int64)
    total[: len(a)] += a
    total[: len(b)] += b
    return total


def _sampled(share: float) -> str:
    return "" if share == 1 else f" (a sample: {share:.2g} of all rows)"


def _from_zero(ax: Axes, values: np.ndarray) -> None:
    """Let y start at 0, with room above the largest value."""
    most = np.nanmax(values, initial=0)
    ax.set_ylim(0, 1.08 * most if most > 0 else 1)


def _plain_ticks(axis: object) -> None:
    """Numbers such as 0.5 and 20 along a logarithmic axis, in place of powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    shown = FuncFormatter(lambda v, _: f"{v:g}")
    axis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))  # type: ignore[attr-defined]
    axis.set_major_formatter(shown)  # type: ignore[attr-defined]
    axis.set_minor_formatter("")  # type: ignore[attr-defined]
