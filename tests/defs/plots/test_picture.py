"""A picture or none for every table, inside its frame, whatever the table lacks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from kn_assets.defs.plots import plot, preview, source
from kn_assets.defs.plots.picture import _PICTURES
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import ALL
from kn_assets.synthetic import FINGERPRINT
from kn_assets.training.steps.tables import OVER_STEPS
from tests.defs.plots.reading import CORPUS, MODEL, drawn, replace_column, size_of, where


@pytest.mark.parametrize("table", [table for table in ALL if table not in _PICTURES])
def test_no_picture(made: Lake, table: str) -> None:
    assert plot(made, where(table), table) is None


@pytest.mark.parametrize("table", _PICTURES)
def test_picture(made: Lake, table: str) -> None:
    png = plot(made, where(table), table)
    assert png is not None
    assert size_of(png) == (700, 320)
    assert png == plot(made, where(table), table)  # the same again


@pytest.mark.parametrize("table", _PICTURES)
@pytest.mark.parametrize("key", ["tiny", "EleutherAI--pythia-1.4b-deduped-v0@step143000"])
def test_nothing_is_cut_off(made: Lake, tmp_path: Path, table: str, key: str) -> None:
    named = Lake(tmp_path)
    shutil.copytree(made.folder(CORPUS), named.folder(CORPUS))
    partition = Partition(ALL[table].kind, key)
    shutil.copytree(made.folder(where(table)), named.folder(partition))
    figure = _PICTURES[table](source.Source(named, partition, table))
    assert figure is not None
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    box = figure.get_tightbbox(canvas.get_renderer())  # of all that is drawn, in inches
    width, height = figure.get_size_inches()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= width
    assert box.y1 <= height
    axes = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    assert axes
    assert all(ax.get_xlabel() and ax.get_ylabel() for ax in axes)


@pytest.mark.parametrize("table", _PICTURES)
def test_no_rows_no_picture(copy: Lake, table: str) -> None:
    empty = copy.read(where(table), table).slice(0, 0)
    copy.write(where(table), table, empty, FINGERPRINT)
    assert plot(copy, where(table), table) is None


@pytest.mark.parametrize("table", [*OVER_STEPS, "fact_lens"])
def test_a_training_whose_values_are_lost_does_not_raise(copy: Lake, table: str) -> None:
    rows = copy.read(where(table), table).num_rows
    for column in ALL[table].columns:
        if pa.types.is_floating(column.type):
            replace_column(copy, table, column.name, [float("nan")] * rows)
    plot(copy, where(table), table)  # says what it can


@pytest.mark.parametrize("table", ["thresholds", "neurons", "neuron_top", "logit_lens"])
def test_a_model_of_one_layer_whose_values_are_lost_does_not_raise(copy: Lake, table: str) -> None:
    first = copy.read(MODEL, table).filter(pa.compute.field("layer") == 0)
    copy.write(MODEL, table, first, FINGERPRINT)
    for column in ALL[table].columns:
        if pa.types.is_floating(column.type):
            replace_column(copy, table, column.name, [float("nan")] * len(first))
    plot(copy, MODEL, table)  # says what it can


@pytest.mark.parametrize(
    "table", ["thresholds", "activations", "attention", "logit_lens", "fact_lens"]
)
def test_layers_are_whole_numbers(copy: Lake, table: str) -> None:
    first = copy.read(where(table), table).filter(pa.compute.field("layer") == 0)
    copy.write(where(table), table, first, FINGERPRINT)
    figure = drawn(copy, table)
    assert figure.axes
    for axes in figure.axes:
        low, high = axes.get_xlim()
        assert [t for t in axes.get_xticks() if low <= t <= high] == [0]


def test_no_table(tmp_path: Path) -> None:
    with pytest.raises(KnError, match="no table neurons"):
        plot(Lake(tmp_path), MODEL, "neurons")
    with pytest.raises(KnError, match="no table neurons"):
        preview(Lake(tmp_path), MODEL, "neurons")
