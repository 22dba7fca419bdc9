"""Pictures show the numbers that SQL finds, inside their frame; previews show the first rows."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from markdown_it import MarkdownIt

from kn_assets import lake
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.made_up import FINGERPRINT
from kn_assets.parquet import parquet_writer
from kn_assets.plots import by_layer, plot, preview, scatter, source
from kn_assets.plots.picture import _PICTURES
from kn_assets.schema import TABLES
from tests.synthetic import make_lake

CORPUS, MODEL = lake.corpus("made"), lake.model("tiny")


def where(table: str) -> Partition:
    return CORPUS if TABLES[table].kind == "corpus" else MODEL


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return make_lake(tmp_path_factory.mktemp("made"))


@pytest.fixture
def copy(made: Lake, tmp_path: Path) -> Lake:
    shutil.copytree(made.root, tmp_path / "copy")
    return Lake(tmp_path / "copy")


def ask(found: Lake, sql: str, *tables: str) -> np.ndarray:
    """The rows of a query over tables of the lake, float64 [rows, columns]."""
    with duckdb.connect() as connection:
        for table in tables:
            files = [str(f) for f in found.files(where(table), table)]
            connection.read_parquet(files, hive_partitioning=False).create_view(table)
        return np.array(connection.sql(sql).fetchall(), float)


def replace_column(found: Lake, table: str, column: str, values: list[Any]) -> None:
    old = found.read(where(table), table)
    at = old.schema.get_field_index(column)
    new = old.set_column(at, old.schema.field(at), pa.array(values, old[column].type))
    found.write(where(table), table, new, FINGERPRINT)


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def drawn(found: Lake, table: str) -> Any:
    """The figure of a table's picture."""
    figure = _PICTURES[table](source.Source(found, where(table), table))
    assert figure is not None
    return figure


def heights(axes: Any) -> list[float]:
    return [bar.get_height() for bar in axes.patches]


# -- pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_picture_or_none(made: Lake, table: str) -> None:
    png = plot(made, where(table), table)
    if table not in _PICTURES:
        assert png is None
        return
    assert png is not None
    assert size_of(png) == (700, 320)
    assert png == plot(made, where(table), table)  # the same again


@pytest.mark.parametrize("table", _PICTURES)
@pytest.mark.parametrize("key", ["tiny", "EleutherAI--pythia-1.4b-deduped-v0@step143000"])
def test_nothing_is_cut_off(made: Lake, tmp_path: Path, table: str, key: str) -> None:
    named = Lake(tmp_path)
    shutil.copytree(made.folder(CORPUS), named.folder(CORPUS))
    partition = Partition(TABLES[table].kind, key)
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


def test_thresholds(made: Lake) -> None:
    (axes,) = drawn(made, "thresholds").axes
    expected = ask(made, "SELECT threshold FROM thresholds ORDER BY layer", "thresholds")
    np.testing.assert_allclose(axes.lines[0].get_ydata(), expected[:, 0])


def test_fired_neurons_per_token(made: Lake) -> None:
    (axes,) = drawn(made, "activations").axes
    expected = ask(
        made,
        "SELECT count(*) / (SELECT count(*) FROM tokens WHERE position > 0) FROM activations "
        "WHERE position > 0 GROUP BY layer ORDER BY layer",
        *("activations", "tokens"),
    )
    np.testing.assert_allclose(heights(axes), expected[:, 0])
    assert axes.get_ylabel() == "fired neurons per token"


def test_fired_neurons_without_the_tokens_of_the_run(copy: Lake) -> None:
    copy.write(MODEL, "tokens", copy.read(MODEL, "tokens").slice(20), "older")
    (axes,) = drawn(copy, "activations").axes
    counts = "SELECT count(*) FROM activations WHERE position > 0 GROUP BY layer ORDER BY layer"
    assert heights(axes) == ask(copy, counts, "activations")[:, 0].tolist()
    assert axes.get_ylabel() == "fired neurons"


def test_neurons(made: Lake) -> None:
    rates, means = drawn(made, "neurons").axes
    counted = ask(
        made, "SELECT count(*) FILTER (firing_rate > 0), count(*) FROM neurons", "neurons"
    )
    assert sum(heights(rates)) == counted[0, 0]
    never = f"{counted[0, 1] - counted[0, 0]:.0f} of {counted[0, 1]:.0f} neurons never fired"
    assert never in rates.get_xlabel()
    expected = ask(
        made, "SELECT avg(abs(mean)) FROM neurons GROUP BY layer ORDER BY layer", "neurons"
    )
    np.testing.assert_allclose(means.lines[0].get_ydata(), expected[:, 0])


def test_strongest(made: Lake) -> None:
    (axes,) = drawn(made, "neuron_top").axes
    expected = ask(
        made,
        "SELECT median(abs(activation)), max(abs(activation)) FROM neuron_top WHERE rank = 1 "
        "GROUP BY layer, sign ORDER BY sign DESC, layer",
        "neuron_top",
    ).reshape(2, 3, 2)
    shown = np.array([line.get_ydata() for line in axes.lines]).reshape(2, 2, 3)
    np.testing.assert_allclose(shown, expected.transpose(0, 2, 1), rtol=1e-6)


def test_lens(made: Lake) -> None:
    (axes,) = drawn(made, "logit_lens").axes
    expected = ask(
        made,
        "SELECT median(probability), median(next_probability) FROM logit_lens WHERE rank = 1 "
        "GROUP BY layer ORDER BY layer",
        "logit_lens",
    )
    shown = np.array([line.get_ydata() for line in axes.lines])
    np.testing.assert_allclose(shown, expected.T, rtol=1e-6)


def test_attention(made: Lake) -> None:
    figure = drawn(made, "attention")
    distance, sink = figure.axes
    expected = ask(
        made,
        "SELECT avg(d), avg(s) FROM (SELECT layer, sum(weight * (position - source_position)) d, "
        "sum(weight) FILTER (source_position = 0) s FROM attention WHERE position > 0 "
        "GROUP BY prompt_id, layer, position) GROUP BY layer ORDER BY layer",
        "attention",
    )
    np.testing.assert_allclose(distance.lines[0].get_ydata(), expected[:, 0], rtol=1e-6)
    np.testing.assert_allclose(heights(sink), expected[:, 1], rtol=1e-6)
    assert "sample" not in figure.get_suptitle()


def test_a_sample_is_bounded_and_said(copy: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = copy.read(MODEL, "attention")
    with copy.replacing(MODEL, "attention", FINGERPRINT) as folder:
        for i in range(2):
            half = whole.slice(i * len(whole) // 2, len(whole) - len(whole) // 2)
            with parquet_writer(folder / f"part-{i}.parquet", "attention") as writer:
                writer.write_table(half, row_group_size=50)
    monkeypatch.setattr(source, "MOST_ROWS", len(whole) // 3)
    read, share = source.Source(copy, MODEL, "attention").sample("prompt_id", "weight")
    assert 0.2 < share <= 1 / 3
    assert len(read[0]) == len(read[1]) == round(share * len(whole))
    seen = np.unique(read[0])  # of 12 prompts: the sample leaves no long stretch out
    assert seen[0] == 0
    assert seen[-1] >= 10
    assert np.diff(seen).max() <= 2
    title = drawn(copy, "attention").get_suptitle()
    assert f"a sample: {share:.2g} of all rows" in title


def test_neuron_map(made: Lake) -> None:
    figure = drawn(made, "neuron_map")
    points = figure.axes[0].collections[0]
    found = made.read(MODEL, "neuron_map")
    shown = np.column_stack([points.get_offsets(), points.get_array()])
    expected = np.column_stack([found[c].to_numpy() for c in ("x", "y", "layer")])
    order = np.lexsort(expected.T), np.lexsort(shown.T)
    np.testing.assert_array_equal(shown[order[1]], expected[order[0]])


def test_most_neurons_are_sampled(made: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scatter, "_MOST_POINTS", 100)
    figure = drawn(made, "neuron_map")
    assert len(figure.axes[0].collections[0].get_offsets()) == 100
    assert "100 of 120 neurons" in figure.get_suptitle()


def test_prompt_map_by_continent(made: Lake) -> None:
    (axes,) = drawn(made, "prompt_map").axes
    with duckdb.connect() as connection:
        prompt_map, prompts, cities = (
            made.read(where(t), t) for t in ("prompt_map", "prompts", "cities")
        )
        expected = connection.sql(
            "SELECT continent, x, y FROM prompt_map JOIN prompts USING (prompt_id) "
            "JOIN cities USING (city_id) ORDER BY ALL"
        ).fetchall()
        assert len(expected) == len(prompt_map) < len(prompts) < len(cities)
    shown = []
    for group in axes.collections:
        name, count = group.get_label().rstrip(")").split(" (")
        assert int(count) == len(group.get_offsets())
        shown += [(name, float(x), float(y)) for x, y in group.get_offsets()]
    assert sorted(shown) == expected
    colours = {tuple(g.get_facecolor()[0]) for g in axes.collections}
    assert len(colours) == len(axes.collections) == 4


def test_prompt_map_without_its_corpus(copy: Lake) -> None:
    copy.remove(CORPUS, "cities")
    (axes,) = drawn(copy, "prompt_map").axes
    assert [g.get_label() for g in axes.collections] == ["unknown (12)"]


def test_names_are_no_formulas(copy: Lake) -> None:
    n = len(copy.read(CORPUS, "cities"))
    replace_column(copy, "cities", "continent", [r"$\frac{$ <b>"] * n)
    assert plot(copy, MODEL, "prompt_map") is not None  # matplotlib refuses a broken formula


def test_cities(made: Lake) -> None:
    (axes,) = drawn(made, "cities").axes
    found = made.read(CORPUS, "cities")
    points = axes.collections[0]
    expected = np.column_stack([found["longitude"].to_numpy(), found["latitude"].to_numpy()])
    np.testing.assert_array_equal(points.get_offsets(), expected)
    by_size = np.argsort(points.get_sizes())
    np.testing.assert_array_equal(by_size, np.argsort(found["population"].to_numpy()))


def test_cities_without_places(copy: Lake) -> None:
    n = len(copy.read(CORPUS, "cities"))
    replace_column(copy, "cities", "population", [None] * n)
    replace_column(copy, "cities", "latitude", [None] * (n - 1) + [52.5])
    figure = drawn(copy, "cities")
    assert f"1 of {n} cities" in figure.get_suptitle()
    assert len(figure.axes[0].collections[0].get_offsets()) == 1
    replace_column(copy, "cities", "latitude", [None] * n)
    assert plot(copy, CORPUS, "cities") is None


@pytest.mark.parametrize("table", _PICTURES)
def test_no_rows_no_picture(copy: Lake, table: str) -> None:
    empty = copy.read(where(table), table).slice(0, 0)
    copy.write(where(table), table, empty, FINGERPRINT)
    assert plot(copy, where(table), table) is None


@pytest.mark.parametrize("table", ["thresholds", "neurons", "neuron_top", "logit_lens"])
def test_a_model_of_one_layer_whose_values_are_lost(copy: Lake, table: str) -> None:
    first = copy.read(MODEL, table).filter(pa.compute.field("layer") == 0)
    copy.write(MODEL, table, first, FINGERPRINT)
    for column in TABLES[table].columns:
        if pa.types.is_floating(column.type):
            replace_column(copy, table, column.name, [float("nan")] * len(first))
    plot(copy, MODEL, table)  # says what it can, and doesn't fail


@pytest.mark.parametrize("table", ["thresholds", "activations", "attention", "logit_lens"])
def test_layers_are_whole_numbers(copy: Lake, table: str) -> None:
    first = copy.read(MODEL, table).filter(pa.compute.field("layer") == 0)
    copy.write(MODEL, table, first, FINGERPRINT)
    for axes in drawn(copy, table).axes:
        low, high = axes.get_xlim()
        assert [t for t in axes.get_xticks() if low <= t <= high] == [0]


def test_by_layer_of_sparse_layers() -> None:
    layer, value = np.array([2, 0, 2, 2]), np.array([5.0, 1.0, 7.0, np.nan])
    np.testing.assert_array_equal(by_layer._by_layer(layer, value, np.mean), [1, np.nan, 6])


def test_no_table(tmp_path: Path) -> None:
    with pytest.raises(KnError, match="no table neurons"):
        plot(Lake(tmp_path), MODEL, "neurons")
    with pytest.raises(KnError, match="no table neurons"):
        preview(Lake(tmp_path), MODEL, "neurons")


# -- previews -----------------------------------------------------------------------------------


def cells(markdown: str) -> list[list[str]]:
    """What a reader sees in the rows of a Markdown table; fails on anything but text in a cell."""
    found: list[list[str]] = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown):
        if token.type == "tr_open":
            found.append([])
        if token.type == "inline":
            assert {c.type for c in token.children or []} <= {"text", "text_special"}, token
            found[-1].append("".join(c.content for c in token.children or []))
    return found


@pytest.mark.parametrize("table", TABLES)
def test_preview_shows_the_first_rows(made: Lake, table: str) -> None:
    found = made.read(where(table), table)
    head, *body = cells(preview(made, where(table), table, rows=3))
    assert head == TABLES[table].names
    assert len(body) == min(3, len(found))
    for row, shown in zip(found.slice(0, 3).to_pylist(), body, strict=True):
        for column, cell in zip(head, shown, strict=True):
            if isinstance(row[column], bool):
                assert cell == str(row[column]).lower()
            elif isinstance(row[column], int):
                assert cell == str(row[column])
            elif isinstance(row[column], float):
                assert float(cell) == pytest.approx(row[column], rel=1e-3)


def test_preview_across_files(copy: Lake) -> None:
    whole = copy.read(MODEL, "tokens")
    with copy.replacing(MODEL, "tokens", FINGERPRINT) as folder:
        for i in range(4):
            with parquet_writer(folder / f"part-{i}.parquet", "tokens") as writer:
                writer.write_table(whole.slice(3 * i, 3))
    body = cells(preview(copy, MODEL, "tokens", rows=7))[1:]
    assert [row[1] for row in body] == [str(p) for p in whole["position"].to_pylist()[:7]]


NASTY = [
    "a | b",
    "<script>alert(1)</script>",
    "&lt; &amp; &#124;",
    "![x](https://example.org/x.png) [y](z)",
    r"back\slash \| `code` | ``",
    "*a* **b** ~~c~~ $d$ # e",
    "<https://example.org>",
    "東京 Łódź هرات Z̷ielo̊na",
]


def test_preview_shows_text_as_text(copy: Lake) -> None:
    old = copy.read(CORPUS, "prompts")
    texts = NASTY + ["x"] * (len(old) - len(NASTY))
    replace_column(copy, "prompts", "text", texts)
    body = cells(preview(copy, CORPUS, "prompts", rows=len(NASTY)))[1:]
    assert [row[2] for row in body] == NASTY


def test_preview_of_hidden_letters_long_texts_and_bytes(copy: Lake) -> None:
    n = len(copy.read(CORPUS, "pages"))
    titles = ["two\nlines\r\n", "tab\there", "left\u202eright", "می\u200cخواهم", "x" * 61, "y" * 60]
    replace_column(copy, "pages", "title", titles + ["z"] * (n - len(titles)))
    replace_column(copy, "pages", "html", [b"|\n" * 600] * n)
    replace_column(copy, "pages", "reason", [None] * n)
    markdown = preview(copy, CORPUS, "pages", rows=6)
    head, *body = cells(markdown)
    shown = [row[head.index("title")] for row in body]
    assert shown == [
        r"two\nlines\r\n",
        r"tab\there",
        r"left\u202eright",
        "می\u200cخواهم",
        "x" * 59 + "…",
        "y" * 60,
    ]
    assert {row[head.index("html")] for row in body} == {"1,200 bytes"}
    assert {row[head.index("reason")] for row in body} == {""}
    assert len(markdown.splitlines()) == 2 + 6


def test_preview_of_settings(copy: Lake) -> None:
    replace_column(copy, "atlases", "settings", [json.dumps({"a": [1, 2], "b": "<x>"})])
    head, row = cells(preview(copy, MODEL, "atlases"))
    assert row[head.index("settings")] == '{"a": [1, 2], "b": "<x>"}'
