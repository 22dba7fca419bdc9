"""A whole atlas of a random model against direct Hugging Face hooks, and how runs end and go on."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from transformers import AutoModelForCausalLM

from kn_assets import lake as lakes
from kn_assets.atlas import extract as extraction
from kn_assets.atlas.activations.compaction import DeviceCompaction
from kn_assets.atlas.extract import NEEDS, extract, shard_ranges, write_vocabulary
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Progress
from tests.atlas import agree, dense
from tests.models import tiny

SENTENCE = "The city of Kabul is the capital of a country and Herāt lies west of it"


def texts(n: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(SENTENCE.split(), rng.integers(1, 14))) for _ in range(n)]


def made_plan(root: Path, family: str, n: int = 24, **settings: Any) -> AtlasPlan:
    """A lake with a file corpus and a tiny model, and a plan for its atlas."""
    lake = Lake(root / "lake")
    folder = root / "tiny"
    if not folder.exists():
        tiny.save(folder, family)
    (root / "made.jsonl").write_text(
        "\n".join(json.dumps({"name": f"c{i}", "text": t}) for i, t in enumerate(texts(n)))
    )
    columns = [np.arange(n, dtype=np.int32), np.arange(n), texts(n)]
    prompts = pa.table(columns, schema=TABLES["prompts"].schema)
    lake.write(lakes.corpus("made"), "prompts", prompts, f"made of {n}")
    given = {"corpus": str(root / "made.jsonl"), "model": str(folder), "dtype": "float32"}
    return AtlasPlan(lake, AtlasSettings(**{**given, **settings}).checked())


@pytest.fixture(params=["gpt2", "llama"])
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("shard_prompts", [7, 512])
def test_an_atlas_equals_direct_hooks(
    tmp_path: Path, family: str, shard_prompts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction, "SHARD_PROMPTS", shard_prompts)
    monkeypatch.setattr("kn_assets.atlas.activations.fired._PROMPTS_OF_FILE", 5)
    monkeypatch.setattr("kn_assets.atlas.activations.merge.BLOCK_ROWS", 300)
    plan = made_plan(tmp_path, family, tokens=20, density=0.1, top_k=4)
    counts = extract(plan, NEEDS, Progress())
    assert set(counts) == set(NEEDS)

    model = AutoModelForCausalLM.from_pretrained(
        tmp_path / "tiny", attn_implementation="eager", dtype=torch.float32
    ).eval()
    tokenizer = tiny.tokenizer()
    wanted = [dense.run(model, tokenizer(t)["input_ids"][:20], family) for t in texts(24)]

    lake, key = plan.lake, plan.model
    tokens = lake.read(key, "tokens")
    assert tokens["token_id"].to_pylist() == [i for d in wanted for i in d.ids]
    agree.check_fired(lake, key, wanted, 1e-4)
    agree.check_statistics(lake, key, wanted, 4, 1e-5)
    agree.check_attention(lake, key, wanted, 2e-5)
    check_lens(lake, key, wanted, model)
    assert not list(lake.folder(key).glob(".*")), "no unfinished work is left"


def check_lens(lake: Lake, key: lakes.Partition, wanted: list[dense.Dense], model: Any) -> None:
    found = lake.read(key, "logit_lens").to_pylist()
    norm = getattr(model.base_model, "ln_f", None) or model.base_model.norm
    last = wanted[0].activations.shape[0] - 1
    assert len(found) == sum(len(d.ids) for d in wanted) * (last + 1) * 5
    probabilities = []
    with torch.no_grad():
        for one in wanted:
            logits = norm(one.hidden).double() @ model.lm_head.weight.double().T
            probabilities.append(torch.softmax(logits, -1).numpy())
            # the lens after the last layer is the model's own output
            np.testing.assert_allclose(probabilities[-1][last], one.probabilities, atol=1e-5)
    for row in found:
        one, position = wanted[row["prompt_id"]], row["position"]
        p = probabilities[row["prompt_id"]][row["layer"], position]
        assert abs(row["probability"] - p[row["token_id"]]) < 1e-5
        assert abs(row["probability"] - np.sort(p)[-row["rank"]]) < 1e-5
        if position + 1 == len(one.ids):
            assert row["next_probability"] is None
            assert row["next_rank"] is None
        else:
            following = one.ids[position + 1]
            assert abs(row["next_probability"] - p[following]) < 1e-5
            assert abs(row["next_rank"] - 1 - (p > p[following]).sum()) <= 1


def test_density_and_threshold(tmp_path: Path) -> None:
    plan = made_plan(tmp_path, "gpt2", density=0.2)
    extract(plan, ["atlases", "thresholds", "neurons"], Progress())
    rate = plan.lake.read(plan.model, "neurons")["firing_rate"].to_numpy()
    assert 0.1 < rate.mean() < 0.3
    by_hand = AtlasPlan(plan.lake, plan.settings.with_given(threshold=0.75))
    extract(by_hand, ["atlases", "thresholds"], Progress())
    found = plan.lake.read(plan.model, "thresholds")
    assert set(found["threshold"].to_pylist()) == {0.75}
    assert found["target_density"].null_count == found.num_rows


def test_one_table_alone_is_the_same_as_in_company(tmp_path: Path) -> None:
    plan = made_plan(tmp_path, "gpt2")
    extract(plan, NEEDS, Progress())
    before = {t: plan.lake.read(plan.model, t) for t in NEEDS}
    for table in ("logit_lens", "neuron_peaks", "activations", "attention"):
        plan.lake.remove(plan.model, table)
        assert extract(plan, [table], Progress()) == {table: before[table].num_rows}
        assert plan.lake.read(plan.model, table).equals(before[table])
    other = AtlasPlan(plan.lake, plan.settings.with_given(density=0.3))
    with pytest.raises(KnError, match="other settings"):
        extract(other, ["logit_lens"], Progress())


def test_neuron_vocabulary_is_the_product_with_the_unembedding(tmp_path: Path) -> None:
    plan = made_plan(tmp_path, "gpt2", vocabulary_k=3)
    extract(plan, ["atlases"], Progress())
    assert (
        write_vocabulary(plan, Progress())
        == 2
        * 3
        * plan.lake.read(plan.model, "atlases")["n_layers"][0].as_py()
        * plan.lake.read(plan.model, "atlases")["n_neurons"][0].as_py()
    )
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "tiny")
    words = tiny.tokenizer()
    readable = 0
    for row in plan.lake.read(plan.model, "neuron_vocabulary").to_pylist()[::7]:
        vector = model.transformer.h[row["layer"]].mlp.c_proj.weight[row["neuron"]]
        scores = (model.lm_head.weight @ vector).detach().numpy()
        best = np.sort(row["sign"] * scores)[::-1][row["rank"] - 1]
        assert abs(row["score"] - row["sign"] * best) < 1e-5
        assert abs(scores[row["token_id"]] - row["score"]) < 1e-5
        text = words.decode([row["token_id"]])
        whole = bool(text) and "\ufffd" not in text
        assert row["token"] == text or not whole
        readable += whole
    assert readable > 100


def test_shards_hold_every_prompt_once() -> None:
    lengths = np.array([30] * 1000 + [5000] * 9 + [1] * 700)
    ranges = shard_ranges(lengths, 1 << 14, n_layers=12)
    assert ranges[0][0] == 0
    assert ranges[-1][1] == len(lengths)
    assert all(a[1] == b[0] for a, b in pairwise(ranges))
    assert all(lengths[a:b].sum() <= 1 << 14 for a, b in ranges)


@pytest.mark.parametrize("device", ["cpu", "like a GPU"])
def test_prompts_of_any_length_up_to_the_context(
    tmp_path: Path, family: str, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One token, the whole context, and all between, in one run; on either way to compact them."""
    if device != "cpu":
        monkeypatch.setattr(
            "kn_assets.atlas.activations.fired.compaction",
            lambda sieves, pool, _device: DeviceCompaction(sieves, pool, "cpu"),
        )
    monkeypatch.setattr(extraction, "_SHARD_TOKENS", 150)
    plan = made_plan(tmp_path, family, n=20, tokens=64, density=0.1, top_k=4)
    written = [" ".join(texts(90)[i:])[: 6 * i] or "a" for i in range(20)]
    columns = [np.arange(20, dtype=np.int32), np.arange(20), written]
    prompts = pa.table(columns, schema=TABLES["prompts"].schema)
    plan.lake.write(plan.corpus, "prompts", prompts, "long and short")
    extract(plan, NEEDS, Progress())

    model = AutoModelForCausalLM.from_pretrained(
        tmp_path / "tiny", attn_implementation="eager", dtype=torch.float32
    ).eval()
    ids = [tiny.tokenizer()(t)["input_ids"][:64] for t in written]
    assert {len(i) for i in ids} >= {1, 64}
    wanted = [dense.run(model, i, family) for i in ids]
    agree.check_fired(plan.lake, plan.model, wanted, 1e-4)
    agree.check_statistics(plan.lake, plan.model, wanted, 4, 1e-5)
    agree.check_attention(plan.lake, plan.model, wanted, 2e-5)
    check_lens(plan.lake, plan.model, wanted, model)
    with pytest.raises(KnError, match="at most 64 tokens"):
        extract(AtlasPlan(plan.lake, plan.settings.with_given(tokens=65)), NEEDS, Progress())


def test_the_device_is_recorded_and_no_part_of_the_fingerprint(tmp_path: Path) -> None:
    plan = made_plan(tmp_path, "gpt2", device="cpu")
    extract(plan, ["atlases"], Progress())
    told = json.loads(plan.lake.read(plan.model, "atlases")["settings"][0].as_py())
    assert told["device"] == "cpu"
    other = AtlasPlan(plan.lake, plan.settings.with_given(device="cuda"))
    assert other.identity == plan.identity
    with pytest.raises(KnError, match="--device must be one of"):
        plan.settings.with_given(device="tpu").checked()


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
def test_a_device_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    plan = made_plan(tmp_path, "gpt2", device="cuda")
    with pytest.raises(KnError, match="no CUDA device"):
        extract(plan, ["atlases"], Progress())
