"""Pictures of points in the plane: neurons, prompts, cities."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from kn_assets import lake as lakes
from kn_assets.defs.plots.canvas import (
    CATEGORIES,
    MID,
    OTHER,
    canvas,
    labelled,
    layer_bar,
    layer_colours,
    legend,
    plain,
    titled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kn_assets.defs.plots.source import Source

_MOST_POINTS = 60_000
_UNKNOWN = "unknown"


def neuron_map(source: Source) -> Figure | None:
    """Neurons, coloured by layer."""
    layer, x, y = source.read("layer", "x", "y")
    fired = np.isfinite(x)
    silent = int((~fired).sum())
    layer, x, y = layer[fired], x[fired], y[fired]
    if not len(x):
        return None
    shown = np.arange(len(x))
    # In an order of chance no layer covers the others; the seed makes it the same each time.
    shown = np.random.default_rng(0).permutation(shown)[:_MOST_POINTS]
    figure, (ax,) = canvas()
    colours = layer_colours(int(layer.max()) + 1)
    points = ax.scatter(
        x[shown],
        y[shown],
        c=layer[shown],
        cmap=colours.cmap,
        s=_size(len(shown)),
        linewidths=0,
    )
    points.set_clim(*colours.get_clim())
    layer_bar(figure, colours, ax)
    _plane(ax)
    what = (
        f"{len(x):,} neurons" if len(shown) == len(x) else f"{len(shown):,} of {len(x):,} neurons"
    )
    rest = f"; {silent:,} never fired" if silent else ""
    titled(figure, source.partition.key, f"{what} by the prompts they fire on{rest}")
    return figure


def prompt_map(source: Source) -> Figure | None:
    """Prompts, coloured by their cities' continents."""
    prompt, x, y = source.read("prompt_id", "x", "y")
    continents = _continents(source)
    found = np.array([continents.get(p, _UNKNOWN) for p in prompt.tolist()])
    figure, (ax,) = canvas()
    by_count = [c for c, _ in Counter(found.tolist()).most_common() if c != _UNKNOWN]
    named = sorted(by_count[: len(CATEGORIES)])
    groups = [(c, found == c, colour) for c, colour in zip(named, CATEGORIES, strict=False)]
    rest = ~np.isin(found, named)
    if rest.any():
        word = "other" if len(by_count) > len(named) else _UNKNOWN
        groups.insert(0, (word, rest, OTHER))
    for name, mine, colour in groups:
        label = f"{plain(name)} ({int(mine.sum()):,})"
        ax.scatter(x[mine], y[mine], color=colour, s=_size(len(x)), linewidths=0, label=label)
    _plane(ax)
    if named:
        marks = 6 / np.sqrt(_size(len(x)))
        legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5), markerscale=marks)
    titled(figure, source.partition.key, f"{len(x):,} prompts by the neurons they fire")
    return figure


def cities(source: Source) -> Figure | None:
    """The world's cities, their area by population; None where no city has coordinates."""
    longitude, latitude, population = (
        np.asarray(c, float) for c in source.read("longitude", "latitude", "population")
    )
    known = np.isfinite(longitude) & np.isfinite(latitude)
    if not known.any():
        return None
    inhabitants = np.nan_to_num(population[known])
    figure, (ax,) = canvas()
    area = 2 + 90 * inhabitants / max(1.0, inhabitants.max())
    ax.scatter(longitude[known], latitude[known], s=area, color=MID, alpha=0.55, linewidths=0)
    ax.set(xlim=(-180, 180), ylim=(-60, 80), aspect="equal")
    ax.set_xticks(range(-180, 181, 60))
    ax.set_yticks(range(-60, 81, 30))
    labelled(ax, "degrees east", "degrees north")
    n, total = int(known.sum()), len(known)
    some = f"{n:,} cities" if n == total else f"{n:,} of {total:,} cities, those with coordinates"
    titled(figure, source.partition.key, f"{some}, larger with more inhabitants")
    return figure


def _continents(source: Source) -> dict[int, str]:
    """Each prompt's continent, as far as the atlas' corpus tells."""
    lake = source.lake
    if lake.meta(source.partition, "atlases") is None:
        return {}
    key = lake.read(source.partition, "atlases", ["corpus"]).column(0).to_pylist()[0]
    corpus = lakes.corpus(key)
    if any(lake.meta(corpus, t) is None for t in ("prompts", "cities")):
        return {}
    prompts = lake.read(corpus, "prompts", ["prompt_id", "city_id"]).to_pydict()
    found = lake.read(corpus, "cities", ["city_id", "continent"]).to_pydict()
    of_city = dict(zip(found["city_id"], found["continent"], strict=True))
    pairs = zip(prompts["prompt_id"], prompts["city_id"], strict=True)
    return {prompt: name for prompt, city in pairs if (name := of_city.get(city))}


def _plane(ax: Axes) -> None:
    """Axes of a t-SNE: nearness means something, the numbers don't."""
    ax.set_xticks([])
    ax.set_yticks([])
    labelled(ax, "t-SNE 1", "t-SNE 2")
    ax.set_aspect("equal", adjustable="datalim")


def _size(n: int) -> float:
    """An area of points (in square points) at which `n` of them fill the picture but don't hide."""
    return float(np.clip(24_000 / max(1, n), 1.2, 22))
