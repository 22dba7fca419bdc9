"""One look for all pictures: small, green, legible; drawn without pyplot and its global state."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

DARK, MID, LIGHT, PALE = "#14532d", "#2f9e63", "#8fd0a6", "#dcefe2"
ACCENT = "#c9821a"
INK = "#33423a"
CATEGORIES = ("#14532d", "#e0a21b", "#58b97b", "#1f8a9c", "#a4bd1f", "#8a5a9e", "#c4603f")
OTHER = "#a8b3ac"


def canvas(panels: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of 700 x 320 pixels with panels side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 3.2), dpi=100, layout="constrained", facecolor="white")
    axes = list(figure.subplots(1, panels, squeeze=False)[0])
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.spines[["left", "bottom"]].set_color(OTHER)
        ax.tick_params(labelsize=8.5, color=OTHER, labelcolor=INK)
        ax.grid(True, color=PALE, linewidth=0.8)
        ax.set_axisbelow(True)
    return figure, axes


def titled(figure: Figure, key: str, title: str) -> None:
    """Head the figure with what it shows, and of which corpus or model; long heads are smaller."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    name = key if len(key) <= 32 else f"{key[:18]}…{key[-13:]}"
    head = figure.suptitle(
        f"{plain(name)}: {title}", fontsize=10.5, color=DARK, x=0.012, ha="left", weight="bold"
    )
    width = head.get_window_extent(FigureCanvasAgg(figure).get_renderer()).width
    room = 0.97 * figure.bbox.width
    head.set_fontsize(10.5 * min(1.0, room / width))


def labelled(ax: Axes, x: str, y: str) -> None:
    ax.set_xlabel(x, fontsize=9, color=INK)
    ax.set_ylabel(y, fontsize=9, color=INK)


def layered(ax: Axes, y: str, n_layers: int) -> None:
    """Make x the layers: whole numbers, with room at the sides."""
    from matplotlib.ticker import MaxNLocator

    labelled(ax, "layer", y)
    ax.set_xlim(-0.5, n_layers - 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10, min_n_ticks=1))


def stepped(ax: Axes, y: str, steps: Sequence[int] | np.ndarray) -> None:
    """Make x the steps of a training, by log(1 + step): checkpoints lie far closer at its start."""
    import numpy as np
    from matplotlib.ticker import FuncFormatter, NullLocator

    labelled(ax, "training step", y)
    low, high = float(steps[0]), float(steps[-1])
    ax.set_xscale("function", functions=(np.log1p, np.expm1))
    room = 0.03 * (np.log1p(high) - np.log1p(low) or 1)
    ax.set_xlim(np.expm1(np.log1p(low) - room), np.expm1(np.log1p(high) + room))
    few = high < 5_000
    marks = [0, *(m * 10**e for e in range(9) for m in ((1, 3) if few else (1,)))]
    ax.set_xticks([m for m in marks if low <= m <= high] or [low])
    ax.xaxis.set_minor_locator(NullLocator())
    short = FuncFormatter(lambda v, _: f"{v:,.0f}" if v < 10_000 else f"{v / 1000:g}k")
    ax.xaxis.set_major_formatter(short)


def layer_colours(n_layers: int) -> ScalarMappable:
    """A colour for each layer, from sand to near black over green: light early layers, dark late
    ones.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    colours = LinearSegmentedColormap.from_list(
        "layers", ["#f0c95a", "#9ccb5b", "#2f9e63", "#14606b", "#132a3a"]
    )
    return ScalarMappable(Normalize(0, max(1, n_layers - 1)), colours)


def layer_bar(figure: Figure, colours: ScalarMappable, ax: Axes, shrink: float = 1.0) -> None:
    """Say beside a picture which colour is which layer."""
    from matplotlib.ticker import MaxNLocator

    bar = figure.colorbar(colours, ax=ax, pad=0.02, shrink=shrink)
    bar.ax.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    bar.set_label("layer", fontsize=9, color=INK)
    bar.ax.tick_params(labelsize=8.5, labelcolor=INK)
    bar.outline.set_visible(False)


def line(ax: Axes, y: np.ndarray, label: str | None = None, colour: str = DARK, **how: Any) -> None:
    """A line over the layers, with points that show even a single one."""
    how = dict[str, Any](marker="o", markersize=3.5, linewidth=1.6) | how
    ax.plot(range(len(y)), y, color=colour, label=label, **how)


def curve(
    ax: Axes,
    steps: Sequence[int] | np.ndarray,
    y: Sequence[float] | np.ndarray,
    label: str | None = None,
    colour: Any = DARK,
    **how: Any,
) -> None:
    """A line over steps of a training, with points unless there are too many to be told apart."""
    how = {"marker": "o" if len(steps) <= 50 else "", "markersize": 3, "linewidth": 1.6} | how
    ax.plot(steps, y, color=colour, label=label, **how)


def legend(ax: Axes, **how: Any) -> None:
    ax.legend(fontsize=8.5, frameon=False, labelcolor=INK, **how)


def plain(text: str) -> str:
    """Text from the data, safe from being read as a formula."""
    return text.replace("$", r"\$")


def png(figure: Figure) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    buffer = io.BytesIO()
    # Without the program's name the same picture has the same bytes under any version.
    FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()
