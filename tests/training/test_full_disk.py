"""A disk that fills up while a model is trained is said in one line, whichever library meets it."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError

from kn_assets import lake as lakes
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.training.settings import TrainSettings
from kn_assets.training.store import Store


@pytest.mark.parametrize(
    ("error", "room"),
    [
        (SafetensorError("Error while serializing: No space left on device (os error 28)"), True),
        (RuntimeError("[enforce fail at inline_container.cc] . unexpected pos 64 vs 0"), False),
        (RuntimeError("PytorchStreamWriter failed writing file data/0"), False),
    ],
)
def test_a_full_disk_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, room: bool
) -> None:
    store = Store(Lake(tmp_path), TrainSettings())
    store.open()
    if not room:
        free = shutil.disk_usage(tmp_path)._replace(free=lakes.RESERVE - 1)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: free)

    def fill(_: Path) -> None:
        raise error

    with pytest.raises(KnError, match=r"disk of .* is full"):
        store.put(store.step(1), fill)
    assert not store.step(1).exists()


def test_an_error_of_another_kind_stays_what_it_is(tmp_path: Path) -> None:
    store = Store(Lake(tmp_path), TrainSettings())
    store.open()

    def fill(_: Path) -> None:
        raise RuntimeError("unexpected pos 64 vs 0")  # with room left

    with pytest.raises(RuntimeError, match="unexpected pos"):
        store.put(store.step(1), fill)


@pytest.mark.parametrize("what", ["state", "log", "divergence"])
def test_a_disk_that_fills_between_checkpoints_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """What was kept before is there as it was."""
    store = Store(Lake(tmp_path), TrainSettings())
    store.open()
    write = {
        "state": lambda n: store.save_state({"step": n}),
        "log": lambda n: store.write_log([{"step": n}]),
        "divergence": store.note_divergence,
    }[what]
    write(1)
    kept = {p.name: p.read_bytes() for p in store.folder.iterdir()}

    def cut(real: Any) -> Any:
        def write(path: Path, content: Any, *args: Any, **kwargs: Any) -> None:
            real(path, content[:3], *args, **kwargs)
            raise OSError(errno.ENOSPC, "No space left on device")

        return write

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", cut(Path.write_bytes))
        patched.setattr(Path, "write_text", cut(Path.write_text))
        with pytest.raises(KnError, match=r"disk of .* is full"):
            write(2)
    assert {name: (store.folder / name).read_bytes() for name in kept} == kept
