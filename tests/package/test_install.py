"""Set-up: pip's settings reach uv, pip takes over where uv or PyTorch's index can't be had, and
a file that isn't the lock's is never installed.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from tests.package.setting_up import module

WHEEL = "tiny-1.0-py3-none-any.whl"


@pytest.fixture
def install() -> ModuleType:
    install = module("install")
    install.has_uv.cache_clear()
    return install


class Calls:
    """What was installed with what; `failing` names what fails."""

    def __init__(
        self,
        install: ModuleType,
        monkeypatch: pytest.MonkeyPatch,
        *failing: str,
        wheel: str = "",
        known: bool = True,
    ) -> None:
        self.made: list[str] = []

        def uv(*given: str) -> int:
            self.made.append("uv")
            return int("uv" in failing)

        def pip(*given: str) -> int:
            self.made.append("pip uv" if given[-1].endswith("uv.txt") else "pip")
            return int(self.made[-1] in failing)

        def call(words: list[str]) -> int:  # pip's download, into the folder after -d
            made = Path(words[words.index("-d") + 1]) / (wheel or WHEEL)
            made.write_bytes(b"torch")
            return 0

        monkeypatch.setattr(install.sys, "platform", "linux")
        monkeypatch.setattr(install, "program", lambda: Path("/no/uv"))
        monkeypatch.setattr(install, "uv", uv)
        monkeypatch.setattr(install, "pip", pip)
        monkeypatch.setattr(install, "call", call)
        monkeypatch.setattr(install, "is_installed", lambda requirement: False)
        digest = hashlib.sha256(b"torch" if known else b"another").hexdigest()
        pins = [install.pins.Pin("torch", "1", "", (digest,))]
        monkeypatch.setattr(install.pins, "read", lambda *names: pins)
        monkeypatch.setattr(install, "reaches", lambda given: "index" not in failing)


@pytest.mark.parametrize(
    ("failing", "made"),
    [
        ((), ["pip uv", "uv"]),
        (("index",), ["pip uv", "pip", "uv"]),
        (("uv",), ["pip uv", "uv", "pip", "uv", "pip"]),
        (("pip uv",), ["pip uv", "pip", "pip"]),
    ],
)
def test_torch_comes_from_pytorchs_index_or_else_pips_with_what_it_needs(
    install: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failing: tuple[str, ...],
    made: list[str],
) -> None:
    calls = Calls(install, monkeypatch, *failing)
    assert install.main("torch", "torch==1") == 0
    assert calls.made == made
    assert ("PyTorch's own index" in capsys.readouterr().out) == bool(failing)


def test_a_build_for_cpus_needs_nothing_of_cuda(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Calls(install, monkeypatch, "index", wheel="torch-1+cpu-cp311-any.whl")
    assert install.main("torch", "torch==1") == 0
    assert calls.made == ["pip uv", "pip"]


def test_a_wheel_of_torch_that_is_not_known_is_refused_unless_its_source_is_named(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = Calls(install, monkeypatch, "index", known=False)
    assert install.main("torch", "torch==1") == install.FORGED
    assert calls.made == ["pip uv"]
    assert "TORCH_SOURCE" in capsys.readouterr().err
    assert install.main("torch", "torch==1", "--index-url", "x") == 0
    assert calls.made == ["pip uv", "pip", "pip"]


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
    assert install.main("docs") == 0
    assert calls.made == made


def test_a_failure_of_pip_is_a_failure(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    Calls(install, monkeypatch, "uv", "pip")
    assert install.main("docs") == 1
    assert install.main("app") == 1
    assert install.main("tools") == 1


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """A wheel in a folder, and a lock that has the hash of another one."""
    with zipfile.ZipFile(tmp_path / WHEEL, "w") as archive:
        archive.writestr("tiny.py", "")
        archive.writestr(
            "tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        )
        archive.writestr(
            "tiny-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("tiny-1.0.dist-info/RECORD", "tiny.py,,\ntiny-1.0.dist-info/METADATA,,\n")
    lock = tmp_path / "lock.txt"
    lock.write_text(f"tiny==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    return lock


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_another_file_than_the_locks_ends_in_one_line(
    install: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    locked: Path,
    installer: str,
) -> None:
    folder = locked.parent
    monkeypatch.setattr(install, "has_uv", lambda: installer == "uv")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("UV_CACHE_DIR", str(folder / "cache"))
    given = [*install.LOCKED, "--no-index", "--find-links", str(folder), "-r", str(locked)]
    given += ["--target", str(folder / "site")]
    assert install.either(given) == install.FORGED
    lines = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert len(lines) == 1
    assert lines[0].startswith("tiny")
    assert "SHA-256 is another" in lines[0]
    assert not (folder / "site" / "tiny.py").exists()
    digest = hashlib.sha256((folder / WHEEL).read_bytes()).hexdigest()
    locked.write_text(locked.read_text().replace("0" * 64, digest))
    assert install.either(given) == 0
    assert (folder / "site" / "tiny.py").exists()


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


def test_a_uv_that_is_not_the_locks_ends_the_set_up(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(install, "program", lambda: tmp_path / "uv")
    monkeypatch.setattr(install, "pip", lambda *given: install.FORGED)
    with pytest.raises(SystemExit) as left:
        install.main("docs")
    assert left.value.code == install.FORGED
