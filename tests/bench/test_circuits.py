"""How well estimates foretell patching, against patching for each method on its own."""

from __future__ import annotations

import numpy as np
import pytest

from kn_assets.atlas.direct.layout import Layout
from kn_assets.bench import circuits
from kn_assets.knowledge.circuits import pair as pairs
from kn_assets.knowledge.circuits.estimates import estimate
from kn_assets.knowledge.circuits.patching import effects
from kn_assets.knowledge.circuits.settings import METHODS
from kn_assets.knowledge.circuits.whole_prompt import WholePrompt
from kn_assets.models.parts import find_parts
from kn_assets.progress import Progress
from tests.knowledge.circuits import plain
from tests.models import tiny


def test_units_of_all_methods_are_patched_once_and_judged_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(circuits, "STRONGEST", 30)
    monkeypatch.setattr(circuits, "RANDOM", 20)
    layout = Layout.of(find_parts(tiny.model("gpt2")))
    clean = WholePrompt.of(layout, plain.IDS)
    pair = pairs.of_tokens(layout, clean, plain.OTHER, plain.ANSWER, plain.AGAINST)
    found = circuits._judged(layout, [pair], Progress())
    drawn = circuits._random(layout, pair, np.random.default_rng(0))
    wanted = {}
    for method in METHODS:
        scores = estimate(method, [pair])[0][0]
        units = [*scores.strongest(30, ("neuron",)), *drawn]
        told = [scores.score(unit) for unit in units]
        wanted[f"pearson_{method}"] = float(np.corrcoef(told, effects(pair, units))[0, 1])
    assert {k: found[k] for k in wanted} == pytest.approx(wanted, abs=1e-4)
    assert found["pearson_best"] == pytest.approx(max(wanted.values()), abs=1e-4)
