"""Which table has which picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kn_assets.defs.plots import by_layer, by_step, effects, known, scatter
from kn_assets.defs.plots.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from kn_assets.lake import Lake, Partition

_PICTURES: dict[str, Callable[[Source], Figure | None]] = {
    "thresholds": by_layer.thresholds,
    "activations": by_layer.fired,
    "neurons": by_layer.neurons,
    "neuron_top": by_layer.strongest,
    "logit_lens": by_layer.lens,
    "lens_quality": by_layer.lens_quality,
    "attention": by_layer.attention,
    "neuron_map": scatter.neuron_map,
    "prompt_map": scatter.prompt_map,
    "cities": scatter.cities,
    "intervention_effects": effects.intervention_effects,
    "fact_lens": by_layer.fact_lens,
    "fact_steps": known.fact_steps,
    "neuron_steps": by_step.neuron_steps,
    "layer_steps": by_step.layer_steps,
    "neuron_map_steps": by_step.neuron_map_steps,
    "training_log": known.training_log,
}


def plot(lake: Lake, partition: Partition, table: str) -> bytes | None:
    """A PNG of 700 x 320 pixels that shows a table at a glance; None where there is none.

    There is none of tables without a picture, without rows, or without the numbers to be shown
    (cities without coordinates). Large tables are read a batch at a time or sampled, which the
    title then says. Raises KnError where the table isn't there, and ValueError for a negative
    layer: check a table before it is drawn.
    """
    from kn_assets.defs.plots.canvas import png

    draw = _PICTURES.get(table)
    source = Source(lake, partition, table)
    figure = draw(source) if draw and source.n_rows else None
    return None if figure is None else png(figure)
