"""Completeness on the embedded, pretrained model: how far sums are from the effect of a layer."""

from __future__ import annotations

import numpy as np
import pytest

from kn_assets.knowledge.attribution import Attribution, Rule, attribute
from kn_assets.knowledge.last_token import LastToken, last_token
from kn_assets.knowledge.questions import single
from kn_assets.models import embedded
from kn_assets.models.load import load
from kn_assets.models.source import resolve
from tests.models.store import lake_with_embedded_model

ASKED = {
    "The capital of France is": "Paris",
    "Tokyo is a city in": "Japan",
}


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[LastToken, int]]:
    lake = lake_with_embedded_model(tmp_path_factory.mktemp("embedded") / "lake")
    loaded = load(resolve(embedded.KEY), lake)
    asked = [single(loaded.tokenizer, text, answer) for text, answer in ASKED.items()]
    return [(last_token(loaded, q.ids), q.answer) for q in asked]


def errors(prompts: list[tuple[LastToken, int]], steps: int, rule: Rule) -> np.ndarray:
    """Of every third layer, the first and the last among them, of every prompt."""
    found: list[Attribution] = []
    for last, answer in prompts:
        n = last.parts.n_layers
        found.append(attribute(last, answer, steps, rule, [*range(0, n - 1, 3), n - 1]))
    assert all(a.actual > 0.05 for a in found), "the model holds these answers likely"
    return np.concatenate([a.relative_errors for a in found])


def test_completeness(prompts: list[tuple[LastToken, int]]) -> None:
    """The midpoint rule's median relative error is under 2 % at 20 steps, and falls with more."""
    few, many = (float(np.nanmedian(errors(prompts, steps, "midpoint"))) for steps in (5, 20))
    assert many < 0.02
    assert many < few / 2
    # The paper's own sum is off by more with the same steps.
    assert few < float(np.nanmedian(errors(prompts, 5, "right")))
