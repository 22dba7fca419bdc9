"""Pictures of neurons over the steps of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kn_assets.defs.plots.canvas import (
    ACCENT,
    DARK,
    INK,
    MID,
    canvas,
    curve,
    labelled,
    layer_bar,
    layer_colours,
    legend,
    stepped,
    titled,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kn_assets.defs.plots.source import Source

_MAPS = 3  # shown side by side
_MOST_POINTS = 12_000  # of each


def neuron_steps(source: Source) -> Figure | None:
    """How near neurons are to what they become, and how often they fire."""
    steps: list[int] = []
    overlap: list[np.ndarray] = []
    firing: list[np.ndarray] = []
    for step, (iou, rate) in source.steps("final_overlap", "firing_rate"):
        steps.append(step)
        overlap.append(_quantiles(iou))
        firing.append(100 * _quantiles(rate))
    figure, (left, right) = canvas(2)
    # At the last step all neurons are their final selves: it is left out.
    for ax, found in ((left, overlap[:-1]), (right, firing)):
        if found:
            low, median, high = np.array(found).T
            shown = steps[: len(found)]
            ax.fill_between(shown, low, high, color=MID, alpha=0.2, linewidth=0)
            curve(ax, shown, median, "median and 80 % of neurons")
    stepped(left, f"IoU of top prompts with step {steps[-1]:,}", steps)
    left.set_ylim(-0.03, 1.03)
    stepped(right, "tokens that a neuron fires on (%)", steps)
    right.set_ylim(bottom=0)
    legend(right, loc="best")
    titled(figure, source.partition.key, "how near neurons are to what they become, and how active")
    return figure


def layer_steps(source: Source) -> Figure | None:
    """Neurons alive in each layer, and births and deaths over all of them."""
    steps: list[int] = []
    alive: list[np.ndarray] = []
    born: list[float] = []
    died: list[float] = []
    for step, (layer, n, births, deaths) in source.steps("layer", "n_alive", "births", "deaths"):
        steps.append(step)
        alive.append(n[np.argsort(layer)])
        born.append(float(births.sum()))
        died.append(float(deaths.sum()))
    figure, (left, right) = canvas(2)
    colours = layer_colours(len(alive[0]))
    shades = colours.to_rgba(np.arange(len(alive[0])))
    for shade, counts in zip(shades, np.array(alive).T, strict=True):
        curve(left, steps, counts, None, shade, linewidth=1.2, markersize=2)
    layer_bar(figure, colours, left)
    stepped(left, "neurons alive in a layer", steps)
    curve(right, steps[1:], born[1:], "born", DARK)
    curve(right, steps[1:], died[1:], "died", ACCENT, linestyle="--")
    stepped(right, "neurons since the step before", steps)
    for ax in (left, right):
        ax.set_ylim(bottom=0)
    legend(right, loc="best")
    titled(figure, source.partition.key, "neurons alive, and those born and died between steps")
    return figure


def neuron_map_steps(source: Source) -> Figure | None:
    """The map at some of the steps, neurons coloured by layer."""
    steps = np.array([step for step, _ in source.steps()])
    # As far apart on the axis of the other pictures as can be.
    low, high = np.log1p(steps[[0, -1]]).tolist()
    wanted = np.linspace(low, high, _MAPS)
    nearest = sorted({int(np.abs(np.log1p(steps) - w).argmin()) for w in wanted})
    shown = {
        step: found for step, found in source.steps("layer", "x", "y") if step in steps[nearest]
    }
    n = len(next(iter(shown.values()))[0])
    # In an order of chance no layer covers the others; the seed makes it the same each time.
    drawn = np.random.default_rng(0).permutation(n)[:_MOST_POINTS]
    figure, axes = canvas(len(shown))
    colours = layer_colours(1 + max(int(layer.max()) for layer, _, _ in shown.values()))
    size = float(np.clip(8_000 / max(1, len(drawn)), 0.7, 12))
    for ax, (step, columns) in zip(axes, shown.items(), strict=True):
        if ax is not axes[0]:  # places are comparable from a step to the next
            ax.sharex(axes[0])
            ax.sharey(axes[0])
        layer, x, y = (c[drawn] for c in columns)
        points = ax.scatter(x, y, c=layer, cmap=colours.cmap, s=size, linewidths=0)
        points.set_clim(*colours.get_clim())
        ax.set(xticks=[], yticks=[], aspect="equal")
        labelled(ax, "t-SNE 1", "t-SNE 2")
        ax.set_title(f"step {step:,}", fontsize=9, color=INK)
    layer_bar(figure, colours, axes[-1], shrink=0.6)
    what = f"{n:,} neurons" if len(drawn) == n else f"{len(drawn):,} of {n:,} neurons"
    titled(figure, source.partition.key, f"{what}, each step begun where the one before ended")
    return figure


def _quantiles(values: np.ndarray) -> np.ndarray:
    """The 10th, 50th and 90th percentile of the finite values, float64 [3]; NaN without any."""
    real = np.asarray(values, float)
    real = real[np.isfinite(real)]
    return np.quantile(real, [0.1, 0.5, 0.9]) if len(real) else np.full(3, np.nan)
