"""Pictures by layer show the numbers that SQL finds."""

from __future__ import annotations

import numpy as np
import pytest

from kn_assets.defs.plots import by_layer, source
from kn_assets.lake import Lake
from kn_assets.lake.parquet import parquet_writer
from kn_assets.synthetic import FINGERPRINT
from tests.defs.plots.reading import MODEL, ask, drawn, heights


def test_thresholds(made: Lake) -> None:
    (axes,) = drawn(made, "thresholds").axes
    expected = ask(made, "SELECT threshold FROM thresholds ORDER BY layer", "thresholds")
    np.testing.assert_allclose(axes.lines[0].get_ydata(), expected[:, 0])


def test_fired_neurons_per_token(made: Lake) -> None:
    (axes,) = drawn(made, "activations").axes
    expected = ask(
        made,
        "SELECT count(*) / (SELECT count(*) FROM tokens WHERE NOT sink) FROM activations "
        "JOIN tokens USING (prompt_id, position) WHERE NOT sink GROUP BY layer ORDER BY layer",
        *("activations", "tokens"),
    )
    np.testing.assert_allclose(heights(axes), expected[:, 0])
    assert axes.get_ylabel() == "fired neurons per token"


def test_fired_neurons_without_the_tokens_of_the_run(copy: Lake) -> None:
    copy.write(MODEL, "tokens", copy.read(MODEL, "tokens").slice(20), "older")
    (axes,) = drawn(copy, "activations").axes
    counts = "SELECT count(*) FROM activations GROUP BY layer ORDER BY layer"
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


def test_by_layer_of_sparse_layers() -> None:
    layer, value = np.array([2, 0, 2, 2]), np.array([5.0, 1.0, 7.0, np.nan])
    np.testing.assert_array_equal(by_layer._by_layer(layer, value, np.mean), [1, np.nan, 6])
