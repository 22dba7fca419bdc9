"""Curves at some numbers of units alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kn_assets.knowledge.circuits import measuring
from kn_assets.lake.schema import CIRCUITS
from tests.knowledge.circuits.small import knowing_all, made, small_plan


def test_a_few_sizes_alone_measure_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[Any, ...]] = []

    def kept(*some: Any) -> measuring.Measured:
        given.append(some)
        return measure(*some)

    measure = measuring.measure
    monkeypatch.setattr(measuring, "measure", kept)
    with knowing_all():
        found = made(small_plan(tmp_path))["circuit_curves"].to_pylist()
    layout, case, own, other, settings = given[0]
    few = measure(layout, case, own, other, settings, sizes={"lost": (10,), "kept": (30,)}).curves
    wanted = [
        row
        for row in found
        if row["fact_id"] == few[0]["fact_id"]
        and (row["measure"], row["n_units"]) in {("lost", 10), ("kept", 30)}
    ]
    key = CIRCUITS["circuit_curves"].key
    few.sort(key=lambda row: tuple(row[name] for name in key))
    assert [[row[n] for n in key] for row in few] == [[row[n] for n in key] for row in wanted]
    after = [row["difference_after"] for row in wanted]
    np.testing.assert_allclose([row["difference_after"] for row in few], after, atol=1e-5)
