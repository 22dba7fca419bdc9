"""What heads bring from each token, in each family, against what is lost when one entry of a
pattern is gone and all else is frozen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from kn_assets.atlas.direct.layout import Layout
from kn_assets.knowledge.circuits import pair as pairs
from kn_assets.knowledge.circuits.attended import Attended, attended, head_units
from kn_assets.knowledge.circuits.relevance import relevance, total_gradients
from kn_assets.knowledge.circuits.split import Split
from kn_assets.knowledge.circuits.units import Unit, UnitScores
from kn_assets.knowledge.circuits.whole_prompt import Values, WholePrompt
from kn_assets.models.parts import find_parts
from tests.atlas.direct.plain import Plain, frozen
from tests.knowledge.circuits import plain as own
from tests.knowledge.circuits.test_patching import made
from tests.models import families, tiny

IDS = np.array(own.IDS)
LAST, CLOSE = len(IDS) - 1, 1e-4


def pair_of(model: Any) -> pairs.Pair:
    layout = Layout.of(find_parts(model))
    clean = WholePrompt.of(layout, own.IDS)
    return pairs.of_tokens(layout, clean, own.OTHER, own.ANSWER, own.AGAINST)


def heads_of(pair: pairs.Pair) -> Attended:
    return attended(pair, Split.of(pair.clean), total_gradients(pair))


def difference(raw: Tensor, pair: pairs.Pair, clean: Tensor) -> float:
    """Of logits before a cap, whose ratio to those behind it is held as it is in the clean pass."""
    ratio = torch.where(clean.abs() > 1e-6, pair.clean.logits / clean, torch.ones_like(clean))
    return float(pair.metric((raw * ratio)[None])[0])


def without_entry(pattern: Tensor, heads: tuple[int, ...], source: int) -> Tensor:
    gone = pattern.clone()
    gone.view(-1, *pattern.shape[-2:])[list(heads), LAST, source] = 0
    return gone


@pytest.mark.parametrize("family", families.PLACES)
def test_heads_by_source_are_missed_by_as_much_as_they_give(family: str) -> None:
    model = families.model(family, "eager").requires_grad_(False)
    pair = pair_of(model)
    plain = Plain(model, family, IDS)
    clean = plain.logits[-1]
    found = heads_of(pair)
    assert found.total == pytest.approx(pair.difference, abs=CLOSE)
    layout = pair.clean.layout
    for layer, head, source in ((0, 0, 1), (layout.parts.n_layers - 1, layout.n_heads - 1, 4)):
        each = len(plain._patterns) // layout.parts.n_layers  # softmaxes of a layer
        of_layer = slice(layer * each, (layer + 1) * each)
        whole = plain._patterns[of_layer]
        plain._patterns[of_layer] = [without_entry(p, layout.patterns[head], source) for p in whole]

        def without(site: str, at: int, kept: Tensor, now: Tensor, layer: int = layer) -> Tensor:
            return now if (site, at) == ("heads", layer) else frozen(site, at, kept, now)

        left = difference(plain.run(without)[-1], pair, clean)
        plain._patterns[of_layer] = whole
        lost = difference(clean, pair, clean) - left
        assert found.direct[layer, head, LAST, source] == pytest.approx(lost, abs=CLOSE)
        flat = whole[0].view(-1, *whole[0].shape[-2:])
        weights = flat[list(layout.patterns[head]), LAST, source]
        told = found.weights[layer, head, LAST, source]
        assert told == pytest.approx(float(weights.mean()), abs=1e-6)
    assert np.abs(found.direct[:, :, LAST]).max() > 1e-3
    np.testing.assert_allclose(found.direct[:, :, :LAST], 0, atol=1e-6)


@pytest.mark.parametrize("family", families.PLACES)
def test_parts_of_heads_sum_to_what_attention_writes(family: str) -> None:
    pair = pair_of(families.model(family, "eager").requires_grad_(False))
    split = Split.of(pair.clean)
    direct = split.direct(pair)
    found = torch.stack(split.by_source(direct.heads()))
    outputs = pair.clean.layout.attention_outputs
    for layer, module in enumerate(outputs):
        written = split.attention[layer].detach().reshape(len(IDS), -1)
        bias = getattr(module, "bias", None)
        alone = written if bias is None else written - bias
        wanted = float((alone.double() * direct.attention[layer].double()).sum())
        assert float(found[layer].sum()) == pytest.approx(wanted, abs=CLOSE)


@pytest.mark.parametrize("family", tiny.CONFIGS)
def test_relevance_by_source_sums_to_a_head_s_relevance(family: str) -> None:
    pair = made(tiny.model(family))
    found = heads_of(pair).relevance
    assert found is not None
    values = pair.clean.values
    nothing = Values(*([torch.zeros_like(v) for v in of] for of in vars(values).values()))
    beside_nothing = pairs.Pair(pair.clean, nothing, pair.answer, pair.against)
    (scores,) = relevance([beside_nothing]).scores
    np.testing.assert_allclose(found.sum(3).swapaxes(1, 2), scores.heads, atol=CLOSE)
    assert np.abs(found).max() > 1e-3
    assert not np.triu(np.abs(found).max((0, 1)), 1).any()  # nothing is brought from later tokens


def test_heads_that_are_told_of_are_the_strongest_of_both_kinds() -> None:
    pair = made(tiny.model("llama"))
    found = heads_of(pair)
    heads = np.zeros((3, len(IDS), 4), np.float32)
    heads[1, 2, 3] = -5.0
    units = head_units(found, UnitScores(np.zeros(7), heads, np.zeros((3, 7, 72))))
    assert units[0] == Unit("head", 1, 2, 3)
    layer, head = np.unravel_index(np.abs(found.written).argmax(), found.written.shape)
    assert Unit("head", int(layer), LAST, int(head)) in units
    assert len(set(units)) == len(units)
