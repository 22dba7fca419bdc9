from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.models.load import LoadedModel, load, load_tokenizer
from kn_assets.models.source import resolve

from . import families, tiny

ids = torch.tensor([[5, 17, 250, 3, 99]])


def load_folder(folder: Path, **settings: Any) -> LoadedModel:
    return load(resolve(str(folder)), Lake(folder.parent / "data"), **settings)


@torch.no_grad()
def test_a_folder_loads_as_it_was_saved(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path / "mine", "gpt_neo", seed=3)
    loaded = load_folder(folder)
    wanted = tiny.model("gpt_neo", seed=3)(input_ids=ids).logits
    torch.testing.assert_close(loaded.model(input_ids=ids).logits, wanted, atol=1e-5, rtol=1e-5)
    assert not loaded.model.training
    assert not any(p.requires_grad for p in loaded.model.parameters())
    assert (loaded.source.key, loaded.commit) == ("mine", None)
    text = "The city of Kabul"
    assert loaded.tokenizer.decode(loaded.tokenizer(text)["input_ids"]) == text


@torch.no_grad()
def test_dtype_and_attention_are_as_asked_for(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path / "mine", "llama")
    loaded = load_folder(folder, dtype="bfloat16", attention="eager")
    assert {p.dtype for p in loaded.model.parameters()} == {torch.bfloat16}
    seen: list[Any] = []
    loaded.parts.attentions[1].register_forward_hook(lambda m, i, output: seen.append(output[1]))
    loaded.parts.body(input_ids=ids)
    assert seen[0].shape == (1, 4, 5, 5)
    plain = load_folder(folder)
    assert plain.model.config._attn_implementation == "sdpa"
    assert {p.dtype for p in plain.model.parameters()} == {torch.float32}


@torch.no_grad()
def test_gpt2s_own_vocabulary_and_merges_make_its_tokenizer(tmp_path: Path) -> None:
    folder = tiny.gpt2_bpe(tmp_path / "gpt2-like")
    tiny.model("gpt2", vocab_size=50257).save_pretrained(folder)
    tokenizer = load_folder(folder).tokenizer
    # Widely published ids of GPT-2's vocabulary.
    assert tokenizer("Hello world")["input_ids"] == [15496, 995]
    assert tokenizer("The capital of France is")["input_ids"] == [464, 3139, 286, 4881, 318]
    text = "Kabul (کابل) is the capital of Afghanistan."
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


@torch.no_grad()
def test_a_vocabulary_and_merges_alone_make_their_tokenizer(tmp_path: Path) -> None:
    folder, wanted = tmp_path / "gpt2-like", tiny.tokenizer()
    tiny.model("gpt2").save_pretrained(folder)
    wanted.backend_tokenizer.model.save(str(folder))
    assert {"vocab.json", "merges.txt"} <= {f.name for f in folder.iterdir()}
    tokenizer = load_folder(folder).tokenizer
    text = "Kabul (کابل) is the capital of Afghanistan."
    assert tokenizer(text)["input_ids"] == wanted(text)["input_ids"]
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_a_missing_tokenizer_is_not_an_empty_one(tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    tiny.model("gpt2").save_pretrained(folder)
    with pytest.raises(KnError, match="tokenizer"):
        load_folder(folder)
    with pytest.raises(KnError, match="tokenizer"):
        load_tokenizer(resolve(str(folder)), Lake(tmp_path))


def test_a_strangers_tokenizer_is_refused(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path / "small", "gpt2", vocab_size=60)
    with pytest.raises(KnError, match="doesn't fit the model"):
        load_folder(folder)


def test_lacking_weights_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tiny.save(tmp_path / "holey", "llama")
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.down_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(KnError, match=r"lack 1 of the model's tensors \(model\.layers\.1\.mlp"):
        load_folder(folder)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"model_type": "no-such-thing"}, "no-such-thing"),
        ({"model_type": "vit"}, "can't load the weights"),
        ({}, "Should have a `model_type` key"),
    ],
)
def test_folders_without_a_language_model(
    tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    folder = tmp_path / "odd"
    tiny.tokenizer().save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps(settings))
    with pytest.raises(KnError, match=said) as e:
        load_folder(folder)
    assert "\n" not in str(e.value)


def test_a_damaged_file_is_said_in_one_line(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path / "torn", "gpt2")
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(KnError, match="can't load") as e:
        load_folder(folder)
    assert "\n" not in str(e.value)


def test_no_weights_are_said_in_one_line(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path / "hollow", "gpt2")
    (folder / "model.safetensors").unlink()
    with pytest.raises(KnError, match=r"can't load .*model\.safetensors") as e:
        load_folder(folder)
    assert "\n" not in str(e.value)


def test_cuda_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(KnError, match="no CUDA device"):
        load_folder(tiny.save(tmp_path / "mine"), device="cuda")


def rewritten(folder: Path, change: Any) -> Path:
    """The folder with its weights, a dictionary, changed."""
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    weights = load_file(file)
    weights = change(weights) or weights
    save_file(weights, file, metadata={"format": "pt"})
    return folder


def test_weights_that_are_no_numbers_are_refused_by_name(tmp_path: Path) -> None:
    def damage(weights: dict[str, torch.Tensor]) -> None:
        weights["model.layers.1.mlp.down_proj.weight"][3, 4] = float("nan")
        weights["model.layers.2.mlp.down_proj.weight"][3, 4] = float("inf")

    folder = rewritten(tiny.save(tmp_path / "nan", "llama"), damage)
    for _ in range(2):
        with pytest.raises(KnError, match=r"layers\.1\.mlp\.down_proj\.weight and 1 others"):
            load_folder(folder)


def test_a_product_that_overflows_is_told_with_its_neuron(tmp_path: Path) -> None:
    def swell(weights: dict[str, torch.Tensor]) -> None:
        weights["model.layers.1.mlp.up_proj.weight"][7] = 1e38

    folder = rewritten(tiny.save(tmp_path / "big", "llama"), swell)
    with pytest.raises(KnError, match="aren't finite \\(layer 1, neuron 7\\)"):
        load_folder(folder)


def test_a_pass_that_overflows_after_loading_raises(tmp_path: Path) -> None:
    loaded = load_folder(tiny.save(tmp_path / "mine", "llama"))
    with torch.no_grad():
        loaded.model.get_submodule("model.layers.2.mlp.up_proj").weight[5] = float("inf")
        with pytest.raises(KnError, match="layer 2, neuron 5"):
            loaded.parts.body(input_ids=ids)


@pytest.mark.parametrize("prefix", ["_orig_mod.", "module."])
def test_a_wrappers_prefix_is_named(tmp_path: Path, prefix: str) -> None:
    folder = tiny.save(tmp_path / "wrapped", "llama")
    rewritten(folder, lambda weights: {prefix + n: t for n, t in weights.items()})
    with pytest.raises(KnError, match=f"named with `{prefix}`"):
        load_folder(folder)


@pytest.mark.parametrize(
    ("name", "dtype", "said"),
    [
        ("model.layers.0.self_attn.q_proj.bias", torch.float32, "has no place for .*q_proj.bias"),
        ("model.layers.0.mlp.up_proj.weight_scale", torch.float32, "no place for .*weight_scale"),
        ("model.layers.9.mlp.up_proj.weight", torch.float32, "no place for .*layers.9"),
        ("model.layers.0.mlp.up_proj.weight", torch.int8, "hold weights as I8"),
        ("model.layers.0.mlp.up_proj.weight", torch.float8_e4m3fn, "hold weights as F8_E4M3"),
    ],
)
def test_tensors_without_a_place_or_a_meaning_are_refused(
    tmp_path: Path, name: str, dtype: torch.dtype, said: str
) -> None:
    def add(weights: dict[str, torch.Tensor]) -> None:
        weights[name] = torch.ones(weights.get(name, torch.ones(32)).shape).to(dtype)

    with pytest.raises(KnError, match=said):
        load_folder(rewritten(tiny.save(tmp_path / "odd", "llama"), add))


@torch.no_grad()
def test_masks_and_tables_that_older_versions_saved_do_no_harm(tmp_path: Path) -> None:
    def add(weights: dict[str, torch.Tensor]) -> None:
        weights["transformer.h.0.attn.bias"] = torch.ones(1, 1, 64, 64).tril()
        weights["transformer.h.0.attn.masked_bias"] = torch.tensor(-1e4)

    wanted = tiny.model("gpt2", seed=2)(input_ids=ids).logits
    loaded = load_folder(rewritten(tiny.save(tmp_path / "old", "gpt2", seed=2), add))
    torch.testing.assert_close(loaded.model(input_ids=ids).logits, wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_attention_that_differs_from_the_default_is_refused(tmp_path: Path, dtype: Any) -> None:
    folder = families.save(tmp_path / "falcon", "falcon", alibi=True)
    with pytest.raises(KnError, match=r"FalconForCausalLM .* \(eager\) differs .* \(sdpa\)"):
        load_folder(folder, dtype=dtype, attention="eager")
    families.save(tmp_path / "plain", "falcon", alibi=False)
    load_folder(tmp_path / "plain", dtype=dtype, attention="eager")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"torch_dtype": "torch.bfloat16", "dtype": None}, "gives 'torch.bfloat16' as its dtype"),
        ({"quantization_config": {"group_size": 64, "bits": 4}}, "quantized \\(MLX, 4 bits\\)"),
        (
            {"model_type": "own", "auto_map": {"AutoConfig": "modeling_own.Own"}},
            "code of its own \\(modeling_own.py\\), which isn't run",
        ),
        ({"num_attention_heads": 0}, "ZeroDivisionError"),
    ],
)
def test_odd_configurations_are_said_in_one_line(
    tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    file = tiny.save(tmp_path / "odd", "llama") / "config.json"
    told = {**json.loads(file.read_text()), **settings}
    file.write_text(json.dumps({k: v for k, v in told.items() if v is not None}))
    with pytest.raises(KnError, match=said) as e:
        load_folder(file.parent)
    assert "\n" not in str(e.value)


def test_an_adapter_beside_a_model_is_refused(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path / "tuned", "llama")
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(KnError, match="holds an adapter"):
        load_folder(folder)
