"""Compare an atlas with dense results, table by table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from kn_assets.lake import Lake, Partition
from tests.atlas.dense import Dense

Row = tuple[int, ...]


def rows(lake: Lake, model: Partition, table: str) -> list[dict]:
    return lake.read(model, table).to_pylist()


def check_fired(lake: Lake, model: Partition, dense: list[Dense], tolerance: float) -> None:
    """Every fired value is the dense one; who fired differs at most right at the threshold."""
    thresholds = lake.read(model, "thresholds")["threshold"].to_numpy()
    assert (thresholds > 0).all()
    stored: dict[Row, float] = {}
    for table in ("activations", "activations_by_neuron"):
        found = lake.read(model, table)
        keys = [found[c].to_numpy() for c in ("prompt_id", "position", "layer", "neuron")]
        got = dict(zip(zip(*keys, strict=True), found["activation"].to_numpy(), strict=True))
        assert len(got) == found.num_rows
        assert not stored or got == stored, "both orders hold the same rows"
        stored = got
    for prompt, one in enumerate(dense):
        bar = thresholds[:, None, None]
        for layer, position, neuron in np.argwhere(np.abs(one.activations) >= bar * (1 + 1e-3)):
            assert (prompt, position, layer, neuron) in stored
    for (prompt, position, layer, neuron), value in stored.items():
        wanted = dense[prompt].activations[layer, position, neuron]
        assert abs(value - wanted) <= tolerance * max(1, abs(wanted))
        assert abs(value) >= thresholds[layer]


def check_statistics(
    lake: Lake, model: Partition, dense: list[Dense], k: int, tolerance: float, every: int = 1
) -> None:
    """`neurons`, `neuron_top` and `neuron_peaks` against brute force over all tokens but sinks.

    Of large tables, one row in `every` is looked at.
    """
    counted = [~s for s in check_sinks(lake, model, dense)]
    some = [d.activations[:, c] for d, c in zip(dense, counted, strict=True)]
    everything = np.concatenate(some, axis=1).astype(float)
    at = [(p, t) for p, c in enumerate(counted) for t in np.flatnonzero(c).tolist()]
    thresholds = lake.read(model, "thresholds")["threshold"].to_numpy()
    scale = np.abs(everything).max()
    for row in rows(lake, model, "neurons")[::every]:
        values = everything[row["layer"], :, row["neuron"]]
        near = np.abs(np.abs(values) - thresholds[row["layer"]]) < tolerance * scale
        fired = (np.abs(values) >= thresholds[row["layer"]]).sum()
        assert abs(row["n_fired"] - fired) <= near.sum()
        assert row["firing_rate"] == row["n_fired"] / len(values)
        for name, wanted in (
            ("mean", values.mean()),
            ("std", values.std()),
            ("min", values.min()),
            ("max", values.max()),
            ("top_activation", values[np.abs(values).argmax()]),
        ):
            assert abs(row[name] - wanted) <= tolerance * scale, name
        place = at.index((row["top_prompt_id"], row["top_position"]))
        assert abs(abs(values[place]) - np.abs(values).max()) <= tolerance * scale
    for row in rows(lake, model, "neuron_top")[::every]:
        values = row["sign"] * everything[row["layer"], :, row["neuron"]]
        wanted = np.sort(values)[::-1][row["rank"] - 1]
        assert abs(row["sign"] * row["activation"] - wanted) <= tolerance * scale
        place = at.index((row["prompt_id"], row["position"]))
        assert abs(values[place] - wanted) <= tolerance * scale
    n_layers, _, n_neurons = everything.shape
    top = lake.read(model, "neuron_top")
    assert top.num_rows == n_layers * n_neurons * 2 * min(k, len(at))
    _check_peaks(lake.read(model, "neuron_peaks"), dense, counted, thresholds, tolerance * scale)


def check_sinks(lake: Lake, model: Partition, dense: list[Dense]) -> list[np.ndarray]:
    """`tokens.sink` against the norms of plain hidden states; which tokens are sinks, bool [T]."""
    bars = lake.read(model, "thresholds")["sink_norm"].to_numpy()
    found = [(one.hidden.norm(dim=-1).numpy() >= bars[:, None]).any(0) for one in dense]
    assert lake.read(model, "tokens")["sink"].to_pylist() == np.concatenate(found).tolist()
    return found


def _check_peaks(
    peaks: pa.Table,
    dense: list[Dense],
    counted: list[np.ndarray],
    thresholds: np.ndarray,
    tolerance: float,
) -> None:
    seen = set()
    for row in peaks.to_pylist():
        values = dense[row["prompt_id"]].activations[row["layer"], :, row["neuron"]]
        mine = counted[row["prompt_id"]]
        assert mine[row["position"]]
        wanted = values[row["position"]]
        assert abs(row["activation"] - wanted) <= max(tolerance, 1e-4 * abs(wanted))
        highest = np.abs(values[mine]).max()
        assert abs(row["activation"]) >= highest - max(tolerance, 1e-4 * highest)
        seen.add((row["prompt_id"], row["layer"], row["neuron"]))
    for prompt, one in enumerate(dense):
        strongest = np.abs(one.activations[:, counted[prompt]]).max(1, initial=0)
        for layer, neuron in np.argwhere(strongest >= thresholds[:, None] + tolerance):
            assert (prompt, layer, neuron) in seen


def check_attention(lake: Lake, model: Partition, dense: list[Dense], tolerance: float) -> None:
    found = lake.read(model, "attention")
    expected = sum(d.attention.shape[0] * len(d.ids) * (len(d.ids) + 1) // 2 for d in dense)
    assert found.num_rows == expected
    for row in found.to_pylist():
        wanted = dense[row["prompt_id"]].attention[
            row["layer"], row["position"], row["source_position"]
        ]
        assert abs(row["weight"] - wanted) <= tolerance
