"""What a GGUF file says and holds beside its model: factors and scales of positions, blocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from torch import zeros

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.models import convert
from kn_assets.models.load import LoadedModel, load
from kn_assets.models.source import resolve
from kn_assets.progress import Progress

from . import tiny_gguf

Write = Callable[[Callable[[Any], None]], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the tiny file with more in it, which is given to its writer."""

    def written(add: Callable[[Any], None]) -> Path:
        real = gguf.GGUFWriter.write_header_to_file

        def first(writer: Any) -> None:
            add(writer)
            real(writer)

        with monkeypatch.context() as patched:
            patched.setattr(gguf.GGUFWriter, "write_header_to_file", first)
            tiny_gguf.write(tmp_path / "tiny.gguf")
        return tmp_path / "tiny.gguf"

    return written


def loaded(file: Path, progress: Progress | None = None) -> LoadedModel:
    return load(resolve(str(file)), Lake(file.parent / "data"), progress=progress)


@pytest.mark.parametrize("last", [1.0, 4.0])
def test_factors_of_positions_are_not_dropped(write: Write, last: float) -> None:
    factors = np.array([1, 1, 1, last], np.float32)
    file = write(lambda writer: writer.add_tensor("rope_freqs.weight", factors))
    said = ""
    try:
        loaded(file)
    except KnError as e:
        said = str(e)
    assert ("4 numbers" in said and "(in rope_freqs.weight)" in said) == (last != 1.0)
    assert bool(said) == (last != 1.0), "factors of 1 do nothing"


@pytest.mark.parametrize("kind", ["yarn", "linear"])
def test_scaled_positions_are_refused(write: Write, kind: str) -> None:
    file = write(lambda writer: writer.add_string("qwen2.rope.scaling.type", kind))
    with pytest.raises(KnError, match=rf"has its positions scaled \({kind}\)"):
        loaded(file)


@pytest.mark.parametrize("blocks", [3, 2**31 - 1])
def test_blocks_that_the_file_does_not_hold(tmp_path: Path, blocks: int) -> None:
    """Billions of them would be made before anything is compared."""
    file, name = tmp_path / "tiny.gguf", b"qwen2.block_count"
    n_layers = tiny_gguf.write(file).config.num_hidden_layers
    head, tail = file.read_bytes().split(name)
    file.write_bytes(head + name + tail[:4] + (n_layers + blocks).to_bytes(4, "little") + tail[8:])
    said = f"says that it has {n_layers + blocks:,} blocks and holds {n_layers}"
    with pytest.raises(KnError, match=said):
        loaded(file)


def test_a_conversion_with_more_tensors_than_the_file_is_made_again(tmp_path: Path) -> None:
    """As versions left it that filled what the file lacked with random numbers."""

    class Said(Progress):
        def __init__(self) -> None:
            self.lines: list[str] = []

        def say(self, text: str) -> None:
            self.lines.append(text)

    file = tmp_path / "tiny.gguf"
    tiny_gguf.write(file)
    loaded(file)
    (weights,) = (tmp_path / "data").rglob("*.safetensors")
    assert convert.STAMP in {f.name for f in weights.parent.iterdir()}
    tensors = load_file(weights)
    save_file({**tensors, "made.up.weight": zeros(4)}, weights, {"format": "pt"})
    again, once_more = Said(), Said()
    loaded(file, again)
    assert [line.partition(" ")[0] for line in again.lines] == ["converting"]
    assert set(load_file(weights)) == set(tensors)
    loaded(file, once_more)
    assert once_more.lines == []
