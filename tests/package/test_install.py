"""Set-up: pip's settings reach uv, and pip takes over where uv or PyTorch's index can't be had."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parents[2] / "setup" / "install.py"


@pytest.fixture
def install() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Calls:
    """What was installed with what; `failing` names what fails."""

    def __init__(self, install: ModuleType, monkeypatch: pytest.MonkeyPatch, *failing: str) -> None:
        self.made: list[str] = []

        def uv(*given: str) -> int:
            self.made.append("uv")
            return int("uv" in failing)

        def pip(*given: str) -> int:
            self.made.append("pip uv" if given[-1] == "uv" else "pip")
            return int(self.made[-1] in failing)

        monkeypatch.setattr(install.sys, "platform", "linux")
        monkeypatch.setattr(install, "program", lambda: Path("/no/uv"))
        monkeypatch.setattr(install, "uv", uv)
        monkeypatch.setattr(install, "pip", pip)
        monkeypatch.setattr(install, "reaches", lambda given: "index" not in failing)


@pytest.mark.parametrize(
    ("failing", "made"),
    [
        ((), ["pip uv", "uv"]),
        (("index",), ["pip uv", "uv"]),
        (("index", "uv"), ["pip uv", "uv", "pip"]),
        (("uv",), ["pip uv", "uv", "uv", "pip"]),
        (("pip uv",), ["pip uv", "pip"]),
    ],
)
def test_torch_comes_from_uv_or_else_pip(
    install: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failing: tuple[str, ...],
    made: list[str],
) -> None:
    calls = Calls(install, monkeypatch, *failing)
    assert install.main("torch", "torch==1") == 0
    assert calls.made == made
    told = capsys.readouterr().out
    assert ("PyTorch's own index" in told) == bool(failing)
    assert ("pip does" in told) == ("uv" in failing or "pip uv" in failing)


def test_torch_from_a_named_source_is_pips(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Calls(install, monkeypatch)
    assert install.main("torch", "torch==1", "--index-url", "x") == 0
    assert calls.made == ["pip"]


@pytest.mark.parametrize(
    ("failing", "made"),
    [
        ((), ["pip uv", "uv"]),
        (("uv",), ["pip uv", "uv", "pip"]),
        (("pip uv",), ["pip uv", "pip"]),
    ],
)
def test_packages_come_from_uv_or_else_pip(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, failing: tuple[str, ...], made: list[str]
) -> None:
    calls = Calls(install, monkeypatch, *failing)
    assert install.main("packages", "-e", ".") == 0
    assert calls.made == made


def test_a_failure_of_pip_is_a_failure(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    Calls(install, monkeypatch, "uv", "pip")
    assert install.main("packages", "-e", ".") == 1


def test_pips_settings_are_read_in_its_order(install: ModuleType) -> None:
    listing = (
        ":env:.index-url='mirror'\nglobal.index-url='other'\nglobal.timeout='3'\n"
        "install.find-links='a\\nb'\nglobal.find-links='c'\ndownload.proxy='p'\n"
    )
    assert install.settings(listing) == {
        "index-url": "mirror",
        "timeout": "3",
        "find-links": "a\nb",
    }


def test_uv_is_told_where_pip_looks(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "mirror")
    monkeypatch.setenv("PIP_FIND_LINKS", "one two")
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.setenv("UV_INDEX_STRATEGY", "first-index")
    told = install.environment()
    assert told["UV_DEFAULT_INDEX"] == "mirror"
    assert told["UV_FIND_LINKS"] == "one,two"
    assert told["UV_INDEX_STRATEGY"] == "first-index"
