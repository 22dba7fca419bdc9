"""Each family that is known to come out right, against plain hooks on transformers' own model.

The model runs there as transformers runs it by itself: one prompt at a time, its default attention.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from transformers import AutoModelForCausalLM

from kn_assets import lake as lakes
from kn_assets.atlas.extract import extract
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Progress
from tests.models import families, tiny

TEXTS = (
    "The city of Kabul is the capital of a country",
    "Herat lies west of Kabul",
    "Kabul, the city",
    "It is the capital city of Afghanistan.",
)
MADE = ("atlases", "thresholds", "tokens", "activations", "logit_lens", "attention")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with a few prompts."""
    lake = Lake(tmp_path_factory.mktemp("families") / "lake")
    (lake.root.parent / "few.jsonl").write_text("{}")
    ids = np.arange(len(TEXTS))
    prompts = pa.table([ids.astype(np.int32), ids, TEXTS], schema=TABLES["prompts"].schema)
    lake.write(lakes.corpus("few"), "prompts", prompts, "made of a few")
    return lake


def plan_of(lake: Lake, folder: Path) -> AtlasPlan:
    settings = AtlasSettings(
        corpus=str(lake.root.parent / "few.jsonl"), model=str(folder), density=0.1, dtype="float32"
    )
    return AtlasPlan(lake, settings.checked())


@dataclass
class Plain:
    """A prompt's activations [layers, T, neurons] and the distribution [layers, T, vocabulary]
    which the model gives when its last block puts out what each layer's block did."""

    activations: np.ndarray
    lens: np.ndarray


def plain(model: Any, family: str, ids: list[int]) -> Plain:
    places, path = families.PLACES[family]
    blocks = list(model.get_submodule(places))
    activations: list[np.ndarray] = []
    outputs: list[Any] = []
    hooks = [
        *(
            b.get_submodule(path).register_forward_hook(
                lambda _m, i, _o: activations.append(i[0].reshape(len(ids), -1).numpy())
            )
            for b in blocks
        ),
        *(b.register_forward_hook(lambda _m, _i, o: outputs.append(o)) for b in blocks),
    ]
    with torch.no_grad():
        model(torch.tensor([ids]), use_cache=False)
        for hook in hooks:
            hook.remove()
        lens = []
        for output in outputs:
            hook = blocks[-1].register_forward_hook(lambda _m, _i, _o, put=output: put)
            logits = model(torch.tensor([ids]), use_cache=False).logits[0]
            hook.remove()
            lens.append(logits.double().softmax(-1).numpy())
    return Plain(np.stack(activations), np.stack(lens))


@pytest.mark.parametrize("family", families.PLACES)
def test_fired_neurons_values_and_lens(family: str, lake: Lake, tmp_path: Path) -> None:
    folder = families.save(tmp_path / family, family)
    plan = plan_of(lake, folder)
    extract(plan, MADE, Progress())

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    encode = tiny.tokenizer()
    wanted = [plain(model, family, encode(text)["input_ids"]) for text in TEXTS]
    check_fired(lake, plan.model, [one.activations for one in wanted])
    check_lens(lake, plan.model, [one.lens for one in wanted])


def test_a_model_that_hides_its_attention_is_refused(lake: Lake, tmp_path: Path) -> None:
    folder = families.save(tmp_path / "openai-gpt", "openai-gpt")
    with pytest.raises(KnError, match="doesn't hand out its attention weights"):
        extract(plan_of(lake, folder), MADE, Progress())


def check_fired(lake: Lake, atlas: lakes.Partition, wanted: list[np.ndarray]) -> None:
    """The stored rows are the neurons over the threshold, with their values."""
    bars = lake.read(atlas, "thresholds")["threshold"].to_numpy()[:, None, None]
    found = [np.zeros(one.shape) for one in wanted]
    for row in lake.read(atlas, "activations").to_pylist():
        at = row["layer"], row["position"], row["neuron"]
        found[row["prompt_id"]][at] = row["activation"]
    n_fired = 0
    for stored, one in zip(found, wanted, strict=True):
        fired = np.abs(one) >= bars
        sure = np.abs(np.abs(one) - bars) > 1e-4 * bars
        np.testing.assert_array_equal((stored != 0)[sure], fired[sure])
        both = fired & (stored != 0)
        np.testing.assert_allclose(stored[both], one[both], rtol=2e-4, atol=1e-5)
        n_fired += int(fired.sum())
    assert n_fired > 100


def check_lens(lake: Lake, atlas: lakes.Partition, wanted: list[np.ndarray]) -> None:
    """Probabilities of the most likely tokens after each layer, the last the model's own."""
    rows = lake.read(atlas, "logit_lens").to_pylist()
    assert len(rows) == 5 * sum(one.shape[0] * one.shape[1] for one in wanted)
    for row in rows:
        p = wanted[row["prompt_id"]][row["layer"], row["position"]]
        assert abs(row["probability"] - p[row["token_id"]]) < 1e-4
        assert abs(row["probability"] - np.sort(p)[-row["rank"]]) < 1e-4
