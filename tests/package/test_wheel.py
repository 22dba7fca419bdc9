"""The wheel holds the code, the views and the page, whatever folder it is installed in."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTING = """
from pathlib import Path
import kn_assets.database.sql_files as files
print(Path(files.__file__).parents[2])
print(len(files.definitions()), len(files.macros()))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    command += ["--no-index", "--disable-pip-version-check", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    (built,) = folder.glob("*.whl")
    return built


def files(folder: str, pattern: str) -> list[Path]:
    """The repository's files, as paths from its root."""
    paths = [p for p in (ROOT / folder).rglob(pattern) if p.is_file()]
    return sorted(p.relative_to(ROOT) for p in paths)


def test_the_wheel_holds_what_the_repository_does(wheel: Path) -> None:
    wanted = {str(p) for folder in ("kn_assets", "ui") for p in files(folder, "*.py")}
    wanted |= {str(p) for p in files("ui/static", "*")}
    wanted |= {f"kn_assets/{p}" for p in files("sql", "*.sql")}
    wanted.add("kn_assets/py.typed")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert held == wanted
        for name in sorted(held - {"kn_assets/py.typed"}):
            source = ROOT / name.replace("kn_assets/sql/", "sql/")
            assert archive.read(name) == source.read_bytes(), name


def test_the_command_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith("entry_points.txt")]
        assert "kn = kn_assets.cli.start:main" in archive.read(name).decode()


def test_views_are_read_from_the_unpacked_wheel(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    (tmp_path / "empty").mkdir()
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n{LISTING}",
        ],
        cwd=tmp_path / "empty",
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    n_macros = len(
        [p for p in files("sql/macros", "*.sql") if "AS TABLE" in (ROOT / p).read_text()]
    )
    assert found == [str(tmp_path / "site"), f"{len(files('sql', '*.sql'))} {n_macros}"]
