"""Files of a stranger's model: none of their code runs, and each that is no model is one line."""

from __future__ import annotations

import io
import json
import pickle
import random
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.models.config import config_of, number
from kn_assets.models.load import load, load_tokenizer
from kn_assets.models.source import resolve
from tests.models import tiny, tiny_gguf


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """A file that a stranger's code would write."""
    return tmp_path / "ran"


@pytest.fixture(autouse=True)
def yes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whoever asks on standard input is told yes; what was asked."""
    asked: list[str] = []

    def answer(prompt: object = "") -> str:
        asked.append(str(prompt))
        return "y"

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n" * 100))
    return asked


def one_line(place: Path, lake: Path) -> str:
    """What loading the model says; it is refused."""
    with pytest.raises(KnError) as told:
        load(resolve(str(place)), Lake(lake))
    assert "\n" not in str(told.value) and "weights_only" not in str(told.value)
    return str(told.value)


def evil(folder: Path, ran: Path, settings: str, classes: dict[str, Any], **more: Any) -> None:
    """Have a folder's settings name Python of its own."""
    (folder / "evil.py").write_text(f"open({str(ran)!r}, 'w')\nclass Evil:\n    pass\n")
    file = folder / settings
    told = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**told, "auto_map": classes, **more}))


@pytest.mark.parametrize("known", [True, False])
def test_a_models_own_code_never_runs(
    tmp_path: Path, ran: Path, yes: list[str], known: bool
) -> None:
    folder = tiny.save(tmp_path / "mine", "llama")
    classes = {"AutoConfig": "evil.Evil", "AutoModelForCausalLM": "evil.Evil"}
    evil(folder, ran, "config.json", classes, **({} if known else {"model_type": "evil"}))
    if known:  # transformers' own class reads it
        assert load(resolve(str(folder)), Lake(tmp_path / "lake")).parts.n_layers > 0
    else:
        assert "needs code of its own (evil.py), which isn't run" in one_line(folder, tmp_path)
    assert not ran.exists() and yes == []


def test_a_tokenizers_own_code_never_runs(tmp_path: Path, ran: Path, yes: list[str]) -> None:
    folder = tiny.save(tmp_path / "mine", "llama")
    classes = {"AutoTokenizer": ["evil.Evil", None]}
    evil(folder, ran, "tokenizer_config.json", classes, tokenizer_class="Evil")
    said = one_line(folder, tmp_path)
    assert "needs code of its own (evil.py), which isn't run" in said
    with pytest.raises(KnError, match="which isn't run"):
        load_tokenizer(resolve(str(folder)), Lake(tmp_path / "lake"))
    assert not ran.exists() and yes == []


def test_code_beside_a_gguf_file_never_runs(tmp_path: Path, ran: Path, yes: list[str]) -> None:
    file = tmp_path / "stranger" / "tiny.gguf"
    tiny_gguf.write(file)
    for settings in ("config.json", "tokenizer_config.json"):
        classes = dict.fromkeys(("AutoConfig", "AutoModelForCausalLM"), "evil.Evil")
        classes |= {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}  # type: ignore[dict-item]
        evil(file.parent, ran, settings, classes, tokenizer_class="Evil", model_type="evil")
    assert load(resolve(str(file)), Lake(tmp_path / "lake")).parts.n_layers > 0
    assert not ran.exists() and yes == []


class _Runs:
    """What a pickle calls as it is read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self._path), "w")


@pytest.mark.parametrize("kind", ["zip", "bare"])
def test_a_pickles_code_never_runs(tmp_path: Path, ran: Path, kind: str) -> None:
    folder = tiny.save(tmp_path / "mine", "llama")
    (folder / "model.safetensors").unlink()
    file, content = folder / "pytorch_model.bin", {"x": _Runs(ran)}
    if kind == "zip":
        torch.save(content, file)
    else:
        file.write_bytes(pickle.dumps(content))
    assert "more than tensors (a pickle that would run code)" in one_line(folder, tmp_path)
    assert not ran.exists()


JUNK = [
    "[]",
    "{}",
    "null",
    "",
    "7",
    '{"model": []}',
    "\x00\x01",
    "[" * 99_000,
    '{"vocab_size": -1}',
]


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json"])
@pytest.mark.parametrize("junk", JUNK)
def test_a_settings_file_that_holds_none_is_one_line(tmp_path: Path, file: str, junk: str) -> None:
    folder = tiny.save(tmp_path / "mine", "llama")
    (folder / file).write_text(junk)
    one_line(folder, tmp_path)


@pytest.mark.parametrize("junk", [*JUNK, '{"n_head": "x", "num_heads": [4], "text_config": 7}'])
def test_the_number_of_heads_of_odd_settings_is_not_known(tmp_path: Path, junk: str) -> None:
    """The app asks it of models that were there when their atlas was made."""
    folder = tiny.save(tmp_path / "mine", "llama")
    source, lake = resolve(str(folder)), Lake(tmp_path / "lake")
    assert number(config_of(source, lake) or {}, "num_attention_heads") == 4
    (folder / "config.json").write_text(junk)
    told = config_of(source, lake) or {}
    assert number(told, "num_attention_heads", "n_head", "num_heads") is None


@pytest.mark.parametrize("junk", [j for j in JUNK if not j.startswith("{")])
def test_settings_of_a_tokenizer_that_hold_none_are_one_line(tmp_path: Path, junk: str) -> None:
    folder = tiny.save(tmp_path / "mine", "llama")
    (folder / "tokenizer_config.json").write_text(junk)
    one_line(folder, tmp_path)


@pytest.mark.parametrize("file", ["model.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"PK\x03\x04" + bytes(60), b"\x80\x04."])
def test_weights_that_are_none_are_one_line(tmp_path: Path, file: str, content: bytes) -> None:
    folder = tiny.save(tmp_path / "mine", "llama")
    (folder / "model.safetensors").unlink()
    (folder / file).write_bytes(content)
    assert one_line(folder, tmp_path).startswith("can't load the weights of")


def test_weights_of_nan_alone_are_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "nan"
    model = tiny.model("llama")
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(float("nan"))
    model.save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    n = len(list(model.parameters())) - 1
    assert f"and {n} others" in one_line(folder, tmp_path)


def test_a_gguf_file_with_changed_bytes_is_read_or_one_line(tmp_path: Path, yes: list[str]) -> None:
    """A hundred changes of its header, by which readers of any kind of number are led astray."""
    whole = tmp_path / "whole.gguf"
    tiny_gguf.write(whole)
    content = whole.read_bytes()
    head = content.index(b"tokenizer.ggml.tokens")
    values = (0, 0x7F, 0x80, 0xFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
    rng = random.Random(5)
    refused = 0
    for i in range(100):
        at = rng.randrange(4, head)
        value = rng.choice(values)
        width = max(1, (value.bit_length() + 7) // 8)
        file = tmp_path / f"{i}.gguf"
        file.write_bytes(content[:at] + value.to_bytes(width, "little") + content[at + width :])
        try:
            load(resolve(str(file)), Lake(tmp_path / "lake"))
        except KnError as e:
            assert "\n" not in str(e), at
            refused += 1
        file.unlink()
    assert refused > 30
    assert yes == []
