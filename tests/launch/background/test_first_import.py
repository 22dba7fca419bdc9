from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

from kn_assets.launch.background import first_import
from kn_assets.launch.background.first_import import LIBRARIES


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `slowlib` that nobody has imported yet."""
    folder = tmp_path / "slowlib"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "part.py").write_text("print('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return folder


def test_what_was_never_imported_is_imported_in_another_process(package: Path) -> None:
    with first_import.ahead(["slowlib.part"]) as process:
        assert process is not None
        assert process.wait(60) == 0
    kept = {path.name.partition(".")[0] for path in (package / "__pycache__").iterdir()}
    assert kept == {"__init__", "part"}
    assert "slowlib" not in sys.modules
    with first_import.ahead(["slowlib.part"]) as process:
        assert process is None, "it was imported before"


def test_it_ends_with_the_run(package: Path) -> None:
    (package / "part.py").write_text("import time\ntime.sleep(600)")
    with first_import.ahead(["slowlib.part"]) as process:
        assert process is not None
        assert process.poll() is None
    assert process.poll() is not None


def test_where_nothing_is_kept_nothing_is_imported(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    with first_import.ahead(["slowlib.part"]) as process:
        assert process is None


def test_the_libraries_are_there() -> None:
    assert [import_module(name).__name__ for name in LIBRARIES] == list(LIBRARIES)
