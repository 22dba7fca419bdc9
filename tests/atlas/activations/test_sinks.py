"""Attention sinks by measure, against plain hooks: planted ones, none, prompts of nothing else."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from transformers import AutoModelForCausalLM

from kn_assets.atlas import extract as extraction
from kn_assets.atlas.activations.ordinary import ordinary_norms
from kn_assets.atlas.activations.sinks import FACTOR, are_sinks
from kn_assets.atlas.extract import NEEDS, extract
from kn_assets.atlas.forward.tokens import TokenizedPrompts
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.errors import KnError
from kn_assets.lake.schema import TABLES
from kn_assets.models.load import load
from kn_assets.progress import Progress
from tests.atlas import agree, dense
from tests.atlas.test_extract import made_plan, texts
from tests.models import tiny

PLANTED = "Q"  # a token of its own, in no word of the texts


def planted(root: Path, family: str, written: list[str], **settings: Any) -> AtlasPlan:
    """A plan over texts of one's own, of a model in which one token has a huge norm."""
    plan = made_plan(root, family, n=len(written), **settings)
    model = AutoModelForCausalLM.from_pretrained(root / "tiny", dtype=torch.float32)
    (planted_id,) = tiny.tokenizer()(PLANTED)["input_ids"]
    with torch.no_grad():
        model.get_input_embeddings().weight[planted_id] *= 2000
    model.save_pretrained(root / "tiny")
    columns = [np.arange(len(written), dtype=np.int32), np.arange(len(written)), written]
    prompts = pa.table(columns, schema=TABLES["prompts"].schema)
    plan.lake.write(plan.corpus, "prompts", prompts, "with planted tokens")
    return plan


def hooked(root: Path, family: str, written: list[str], n_tokens: int) -> list[dense.Dense]:
    model = AutoModelForCausalLM.from_pretrained(
        root / "tiny", attn_implementation="eager", dtype=torch.float32
    ).eval()
    tokenizer = tiny.tokenizer()
    return [dense.run(model, tokenizer(t)["input_ids"][:n_tokens], family) for t in written]


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_planted_sinks_are_left_out_wherever_they_stand(
    tmp_path: Path, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First, later, several in a row, and as all of a prompt; ordinary first tokens count."""
    written = texts(24)
    for i, text in enumerate(written):
        written[i] = [text, PLANTED + text, f"{text} {PLANTED}{PLANTED}", PLANTED * 4][i % 4]
    plan = planted(tmp_path, family, written, tokens=20, density=0.1, top_k=4)
    extract(plan, NEEDS, Progress())
    wanted = hooked(tmp_path, family, written, 20)
    (planted_id,) = tiny.tokenizer()(PLANTED)["input_ids"]
    tokens = plan.lake.read(plan.model, "tokens")
    is_planted = tokens["token_id"].to_numpy() == planted_id
    assert is_planted.sum() > 30
    assert (tokens["sink"].to_numpy() == is_planted).all()
    agree.check_fired(plan.lake, plan.model, wanted, 1e-3)
    agree.check_statistics(plan.lake, plan.model, wanted, 4, 1e-5)

    whole = {t: plan.lake.read(plan.model, t) for t in NEEDS if t != "atlases"}
    monkeypatch.setattr(extraction, "SHARD_PROMPTS", 5)
    extract(plan, NEEDS, Progress())
    assert plan.lake.read(plan.model, "tokens").equals(whole["tokens"])
    assert plan.lake.read(plan.model, "neuron_peaks").num_rows == whole["neuron_peaks"].num_rows
    plan.lake.remove(plan.model, "tokens")
    assert extract(plan, ["tokens"], Progress()) == {"tokens": len(is_planted)}
    assert plan.lake.read(plan.model, "tokens").equals(whole["tokens"])


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_a_model_without_sinks_keeps_its_first_tokens(tmp_path: Path, family: str) -> None:
    plan = made_plan(tmp_path, family, tokens=20, density=0.1, top_k=4)
    extract(plan, NEEDS, Progress())
    tokens = plan.lake.read(plan.model, "tokens")
    assert not any(tokens["sink"].to_pylist())
    peaks = plan.lake.read(plan.model, "neuron_peaks")
    assert 0 in peaks["position"].to_pylist()
    neurons = plan.lake.read(plan.model, "neurons")
    rates = neurons["n_fired"].to_numpy() / tokens.num_rows
    np.testing.assert_array_equal(neurons["firing_rate"].to_numpy(), rates)
    n_fired = neurons["n_fired"].to_numpy().sum()
    assert n_fired == plan.lake.meta(plan.model, "activations")["rows"]  # type: ignore[index]


def test_prompts_of_one_token_are_told_from_sinks(tmp_path: Path) -> None:
    """The model's norm, not the prompts': here two in three tokens are sinks, and in many prompts
    all are."""
    written = [PLANTED, PLANTED, "a"] * 8
    plan = planted(tmp_path, "gpt2", written + texts(4), tokens=20, density=0.1, top_k=4)
    extract(plan, ["atlases", "thresholds", "tokens"], Progress())
    tokens = plan.lake.read(plan.model, "tokens").to_pylist()[: len(written)]
    assert [t["sink"] for t in tokens] == [True, True, False] * 8


def test_ordinary_norms_are_medians_over_plain_hidden_states(tmp_path: Path) -> None:
    plan = made_plan(tmp_path, "llama")
    loaded = load(plan.source, plan.lake, "float32")
    ids = np.random.default_rng(0).integers(1, 300, 64).astype(np.int32)  # 0 marks beginnings
    lengths = np.array([1, 2, 29, 32], np.int32)
    with_marks = np.insert(ids, np.cumsum(lengths[:-1]), 0)
    sample = TokenizedPrompts(np.arange(4), lengths + np.array([0, 1, 1, 1], np.int32), with_marks)
    found = ordinary_norms(loaded, sample, 32)
    model = AutoModelForCausalLM.from_pretrained(
        tmp_path / "tiny", attn_implementation="eager", dtype=torch.float32
    ).eval()
    hidden = [dense.run(model, some, "llama").hidden for some in ids.reshape(2, 32).tolist()]
    norms = torch.cat(hidden, 1).double().norm(dim=-1).numpy()
    np.testing.assert_allclose(found, np.median(norms, axis=1), rtol=1e-5)


def test_the_bar_is_stored_and_decides(tmp_path: Path) -> None:
    plan = made_plan(tmp_path, "gpt2")
    extract(plan, ["atlases", "thresholds"], Progress())
    found = plan.lake.read(plan.model, "thresholds")
    median, bar = (found[c].to_numpy() for c in ("median_norm", "sink_norm"))
    assert (median > 0).all()
    np.testing.assert_array_equal(bar, np.float32(FACTOR) * median)
    norms = np.stack([bar, np.nextafter(bar, 0, dtype=np.float32), median])
    assert are_sinks(norms, bar).tolist() == [True, False, False]
    assert not are_sinks(norms, np.zeros_like(bar)).any()


@pytest.mark.parametrize("only", [["thresholds"], ["logit_lens"], ["neurons"], ["tokens"]])
def test_activations_that_are_no_numbers_are_refused_by_layer_and_neuron(
    tmp_path: Path, only: list[str]
) -> None:
    plan = made_plan(tmp_path, "gpt2", density=0.1)
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "tiny", dtype=torch.float32)
    with torch.no_grad():
        model.transformer.h[1].mlp.c_fc.bias[17] = 1e30
    model.save_pretrained(tmp_path / "tiny")
    told = r"tiny computes numbers that aren't finite \(layer 1, neuron 17\)"
    with pytest.raises(KnError, match=told):
        extract(plan, ["atlases", *only], Progress())
    assert plan.lake.meta(plan.model, only[0]) is None


def test_sums_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    """Of a value whose square no float32 holds, while the norm of the stream is a number."""
    plan = made_plan(tmp_path, "gpt2", density=0.1)
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "tiny", dtype=torch.float32)
    with torch.no_grad():
        model.transformer.h[1].mlp.c_fc.bias[17] = 1e30
        model.transformer.h[1].mlp.c_proj.weight[17] = 0
    model.save_pretrained(tmp_path / "tiny")
    with pytest.raises(KnError, match=r"^neuron 17 of layer 1 gives values that are NaN"):
        extract(plan, ["atlases", "neurons"], Progress())
    assert plan.lake.meta(plan.model, "neurons") is None
