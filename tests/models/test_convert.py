from __future__ import annotations

import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.models import convert
from kn_assets.models.load import load
from kn_assets.models.source import resolve

from . import tiny, tiny_gguf

ids = torch.tensor([[5, 17, 250, 3, 99]])


@pytest.mark.parametrize("quantized", [False, True])
@torch.no_grad()
def test_a_gguf_file_gives_the_model_it_holds(tmp_path: Path, quantized: bool) -> None:
    file = tmp_path / "tiny.gguf"
    wanted = tiny_gguf.write(file, seed=4, quantized=quantized)(input_ids=ids).logits
    lake = Lake(tmp_path / "data")
    loaded = load(resolve(str(file)), lake)
    torch.testing.assert_close(loaded.model(input_ids=ids).logits, wanted, atol=1e-4, rtol=1e-4)
    assert loaded.source.key == "tiny"
    loaded.model.float()  # which transformers refuses for a model that still counts as quantized
    text = "The city of Kabul, 1,234"
    same = tiny.tokenizer()(text)["input_ids"]
    assert loaded.tokenizer(text)["input_ids"] == same


def test_conversion_happens_once_for_each_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    real = convert.gguf_to_folder

    def counting(gguf: Path, folder: Path, origin: str) -> None:
        made.append(gguf)
        real(gguf, folder, origin)

    monkeypatch.setattr("kn_assets.models.load.gguf_to_folder", counting)
    file = tmp_path / "tiny.gguf"
    tiny_gguf.write(file, seed=1)
    lake = Lake(tmp_path / "data")
    first = load(resolve(str(file)), lake).parts.value_vectors(0)
    load(resolve(str(file)), lake)
    assert len(made) == 1
    tiny_gguf.write(file, seed=2)
    second = load(resolve(str(file)), lake).parts.value_vectors(0)
    assert len(made) == 2
    assert not torch.equal(first, second)


def test_a_file_is_read_once_and_the_same_as_by_transformers_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gguf

    file = tmp_path / "tiny.gguf"
    tiny_gguf.write(file, seed=1, quantized=True)
    read: list[None] = []
    real: Any = gguf.GGUFReader

    class Counting(real):  # type: ignore[misc]
        def __init__(self, *given: Any) -> None:
            read.append(None)
            super().__init__(*given)

    monkeypatch.setattr(gguf, "GGUFReader", Counting)
    convert.gguf_to_folder(file, tmp_path / "once", "x")
    assert len(read) == 1
    assert gguf.GGUFReader is Counting
    monkeypatch.setattr(convert, "read_once", nullcontext)
    convert.gguf_to_folder(file, tmp_path / "alone", "x")
    assert len(read) > 2
    names = [path.name for path in (tmp_path / "alone").iterdir()]
    assert "model.safetensors" in names
    for name in names:
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()


def test_what_is_no_gguf_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "text.gguf"
    file.write_text("this is no model\n" * 100)
    lake = Lake(tmp_path / "data")
    with pytest.raises(KnError, match=r"can't read .*text\.gguf as a GGUF model") as e:
        load(resolve(str(file)), lake)
    assert "\n" not in str(e.value)
    assert list(lake.models.iterdir()) == []


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "models" / "m"

    def fill(text: str, fail: bool) -> None:
        with convert.appearing(place) as fresh:
            (fresh / "file").write_text(text)
            if fail:
                raise ValueError

    with pytest.raises(ValueError):
        fill("half", fail=True)
    assert list(place.parent.iterdir()) == []
    fill("first", fail=False)
    with pytest.raises(ValueError):
        fill("half", fail=True)
    assert (place / "file").read_text() == "first"
    fill("second", fail=False)
    assert (place / "file").read_text() == "second"
    assert list(place.parent.iterdir()) == [place]


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)  # from now on no process has this number
    waits = [sys.executable, "-c", "input()"]
    with subprocess.Popen(waits, stdin=subprocess.PIPE) as other:
        dead, alive = tmp_path / f".new-m.{child}", tmp_path / f".new-m.{other.pid}"
        dead.mkdir()
        alive.mkdir()
        with convert.appearing(tmp_path / "m"):
            assert not dead.exists()
            assert alive.exists()
        other.kill()


def test_a_full_disk_is_said_plainly(tmp_path: Path) -> None:
    from safetensors import SafetensorError

    with (
        pytest.raises(KnError, match=r"disk of .* is full"),
        convert.disk_said_plainly(tmp_path),
    ):
        raise SafetensorError("I/O error: No space left on device (os error 28)")
    with pytest.raises(SafetensorError), convert.disk_said_plainly(tmp_path):
        raise SafetensorError("header too large")


@pytest.mark.parametrize(
    ("at", "number", "said"),
    [
        (8, 30, "lack 8 of the model's tensors"),  # of 39
        (16, 0, "can't read"),
    ],
)
def test_a_file_that_lacks_tensors_is_refused_before_it_is_converted(
    tmp_path: Path, at: int, number: int, said: str
) -> None:
    file = tmp_path / "tiny.gguf"
    tiny_gguf.write(file)
    content = file.read_bytes()
    file.write_bytes(content[:at] + number.to_bytes(8, "little") + content[at + 8 :])
    lake = Lake(tmp_path / "data")
    for _ in range(2):
        with pytest.raises(KnError, match=said):
            load(resolve(str(file)), lake)
        assert list(lake.models.iterdir()) == []


def test_a_file_with_a_block_that_nothing_reads_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tiny.gguf"
    tiny_gguf.write(file)
    name = b"qwen2.block_count"
    head, tail = file.read_bytes().split(name)
    file.write_bytes(head + name + tail[:4] + (2).to_bytes(4, "little") + tail[8:])
    with pytest.raises(KnError, match=r"30,976 numbers .* \(in blk\.2\."):
        load(resolve(str(file)), Lake(tmp_path / "data"))
