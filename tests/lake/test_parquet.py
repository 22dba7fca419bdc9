"""Tables of activations are small, and hold what was written."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kn_assets.atlas.activations import packed
from kn_assets.lake.parquet import TableFile
from kn_assets.lake.schema import ALL

LAYERS, NEURONS, TOKENS = 30, 1_536, 600


def activations() -> pa.Table:
    """What fires in 20 prompts of 30 tokens, one value in a hundred, as a run in float32 has it."""
    rng = np.random.default_rng(0)
    token, layer, neuron = np.nonzero(rng.random((TOKENS, LAYERS, NEURONS)) < 0.01)
    values = (2.6 + rng.exponential(0.4, len(token))) * 1.1**layer
    values *= rng.choice(np.array([-1, 1]), len(token))
    columns = [
        token // 30,
        token % 30,
        layer,
        neuron,
        packed.rounded(values.astype(np.float32), 0.0),
    ]
    schema = ALL["activations"].schema
    return pa.table(
        [pa.array(c).cast(f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
    )


@pytest.mark.parametrize("name", ["activations", "activations_by_neuron", "neuron_peaks"])
def test_a_row_of_float32_takes_at_most_3_6_bytes(name: str, tmp_path: Path) -> None:
    rows = activations()
    if name != "activations":
        rows = rows.sort_by([(c, "ascending") for c in ("layer", "neuron", "prompt_id")])
    rows = rows.select(ALL[name].names)
    path = tmp_path / "part-00000.parquet"
    with TableFile(path, name) as file:
        for first in range(0, len(rows), 50_000):
            file.write(rows.slice(first, 50_000))
    assert pq.ParquetFile(path).read().equals(rows)
    assert path.stat().st_size / len(rows) < 3.6
    groups = pq.read_metadata(path)
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [
        ALL[name].row_group,
        len(rows) - ALL[name].row_group,
    ]
