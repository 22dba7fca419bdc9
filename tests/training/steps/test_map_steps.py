"""Where the neurons of a step's map begin: at their last place, those without one in the middle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kn_assets.maps import projection
from kn_assets.training.steps import neuron_map_steps

PLACES: dict[
    int, list[tuple[float, float] | None]
] = {  # by step, of three neurons: None where it doesn't fire
    0: [(1.0, 2.0), (3.0, 4.0), None],
    4: [(1.5, 2.5), None, None],
    8: [(1.0, 1.0), (7.0, 7.0), (9.0, 9.0)],
}


def test_a_neuron_that_fires_again_begins_at_its_last_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: dict[int, Any] = {}

    def placed(step: int, *_: Any) -> projection.MapResult:
        begun[step] = _[-1]
        pairs = [place or (np.nan, np.nan) for place in PLACES[step]]
        x, y = np.array(pairs, np.float32).T
        return projection.MapResult(x, y, np.full(3, -1, np.int16), np.isnan(x), {})

    monkeypatch.setattr(projection, "neuron_map", placed)
    tables = list(neuron_map_steps([8, 0, 4], lambda step: step, 1, 3, 5))
    assert begun[0] is None
    np.testing.assert_array_equal(begun[4], [(1, 2), (3, 4), (np.nan, np.nan)])
    np.testing.assert_array_equal(begun[8], [(1.5, 2.5), (3, 4), (np.nan, np.nan)])
    assert [t["x"].null_count for t in tables] == [1, 2, 0]
    assert tables[1]["y"].to_pylist() == [2.5, None, None]
