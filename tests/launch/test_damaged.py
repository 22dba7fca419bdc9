"""Files of a lake that were lost, cut, added, renamed or changed: told by all, mended by a run."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from kn_assets.atlas.plan import AtlasPlan
from kn_assets.cli.parser import main
from kn_assets.database import database
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.lake import plan as plans
from kn_assets.lake.schema import ALL
from kn_assets.launch.request import Request
from kn_assets.launch.run import run
from tests.launch.conftest import Copy
from ui.api import Api
from ui.app import TABS
from ui.context import Context

OF_SIZE = ("delete", "cut", "empty", "add", "rename")
"""Kinds of damage that sizes and names tell; `flip` is told by checksums alone."""


_ASKED = ("atlases", "search", "prompt", "neuron", "concepts", "points", "facts")


class Asking(Context):
    """What quick questions need: no processes."""

    def __init__(self, lake: Lake) -> None:
        self.database = database.Database(lake)
        self._atlases = None
        self.shared = False
        self.making = None


def tables(lake: Lake) -> dict[tuple[Partition, str], Any]:
    """All tables there are, without the time in `atlases`."""
    kinds: tuple[Any, ...] = ("corpus", "model")
    found = {}
    for partition in (p for kind in kinds for p in lake.partitions(kind)):
        for name in (t.name for t in ALL.values() if t.kind == partition.kind):
            if lake.meta(partition, name) is not None:
                rows = lake.read(partition, name)
                found[partition, name] = (
                    rows.drop_columns(["created_at"]) if name == "atlases" else rows
                )
    return found


def spoil(file: Path, kind: str, chance: random.Random) -> None:
    content = file.read_bytes()
    if kind == "delete":
        file.unlink()
    elif kind in ("cut", "empty"):
        file.write_bytes(content[: chance.randrange(len(content)) if kind == "cut" else 0])
    elif kind == "flip":
        at = chance.randrange(len(content))
        changed = content[at] ^ chance.randrange(1, 256)
        file.write_bytes(content[:at] + bytes([changed]) + content[at + 1 :])
    elif kind == "add":
        file.with_name(f"copy-of-{file.name}").write_bytes(content)
    else:
        file.rename(file.with_name(f"layer-900{file.suffix}"))


def asked(lake: Lake) -> list[str]:
    """What the app answers to each of its quick questions."""
    api = Api(Asking(lake), TABS)
    about = {"model": "tiny", "prompt": 0, "text": "Rome", "layer": 0, "neuron": 1, "offset": 0}
    about |= {"limit": 5, "kind": "neuron", "relation": "all"}
    return [api.ask(name, about) for name in _ASKED]


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.thorough) for n in (1, 2))]
)
def test_ten_random_damages_are_told_and_mended(
    copy: Copy,
    made_once: Request,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    monkeypatch.setattr("kn_assets.cli.doctor._answers", lambda url: True)
    request, chance = copy(tmp_path / "lake"), random.Random(seed)
    lake = request.lake
    files = sorted(f for f in lake.root.glob("*/*/*/*") if f.is_file())
    files += [lake.root / "kn.duckdb", lake.root / ".database.json"]
    words = ["--data", str(lake.root)]
    for file in chance.sample(files, 10):
        spoil(file, chance.choice((*OF_SIZE, "flip")), chance)
        table = file.parent.name if file.parent.name in ALL else "atlases"
        assert main([*words, "sql", f"SELECT count(*) AS n FROM {table}"]) in (0, 1)
        assert main([*words, "doctor"]) in (0, 1)
        assert all(answer.startswith("{") for answer in asked(lake))
    assert main([*words, "doctor", "--deep"]) == 1
    assert run(request)
    assert main([*words, "doctor", "--deep"]) == 0
    told = capfd.readouterr()
    assert "Traceback" not in told.err + told.out
    wanted, found = tables(made_once.lake), tables(lake)
    assert found.keys() == wanted.keys()
    for key, rows in wanted.items():
        assert found[key].equals(rows), key
    assert database.is_own(lake)
    assert not run(request), "all is mended"


@pytest.mark.parametrize("kind", OF_SIZE)
def test_a_damaged_table_is_stale_and_read_by_nobody(
    copy: Copy, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    request = copy(tmp_path / "lake")
    lake, atlas = request.lake, request.plan.model
    spoil(lake.files(atlas, "neuron_peaks")[1], kind, random.Random(0))
    assert request.stale_atlas() == ["neuron_peaks"]
    assert not plans.is_made(lake, atlas, "neuron_peaks")
    with pytest.raises(KnError, match="neuron_peaks of tiny is damaged") as told:
        lake.read(atlas, "neuron_peaks")
    assert "\n" not in str(told.value)
    main(["--data", str(lake.root), "doctor"])
    missed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("MISS")]
    assert any("neuron_peaks of tiny in the lake is damaged (" in line for line in missed)
    with database.connect(lake) as opened:
        for sql in ("FROM neuron_peaks", "FROM lake.neuron_peaks_of('tiny', 0)"):
            assert opened.sql(sql).fetchall() == []


def test_nothing_is_made_of_the_rest_of_a_table(copy: Copy, tmp_path: Path) -> None:
    request = copy(tmp_path / "lake")
    lake, atlas = request.lake, request.plan.model
    lake.files(atlas, "neuron_peaks")[0].unlink()
    lake.remove(atlas, "neuron_map")
    only = Request(lake, request.atlas, only=("neuron_map",))
    with pytest.raises(KnError, match=r"peaks of tiny is damaged .layer-000\.parquet is lost"):
        run(only)
    assert lake.meta(atlas, "neuron_map") is None


def test_nothing_is_made_of_a_table_that_has_a_changed_byte(copy: Copy, tmp_path: Path) -> None:
    request = copy(tmp_path / "lake")
    lake, atlas = request.lake, request.plan.model
    spoil(lake.files(atlas, "neuron_peaks")[0], "flip", random.Random(1))
    assert request.stale_atlas() == [], "sizes don't tell"
    lake.remove(atlas, "neuron_map")
    with pytest.raises(KnError, match=r"neuron_peaks of tiny is damaged .* isn't what was written"):
        run(request)
    assert request.stale_atlas() == ["neuron_peaks", "neuron_map", "map_clusters"]


def test_tables_without_a_list_of_files_count_as_they_are(
    copy: Copy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.lake.earlier import forget_files

    request = copy(tmp_path / "lake")
    forget_files(request.lake.table(request.plan.model, "neurons"))
    assert not request.stale_atlas()
    main(["--data", str(request.lake.root), "doctor", "--deep"])
    assert "1 tables carry no list of their files" in capsys.readouterr().out
    assert AtlasPlan.of(request.lake, "tiny").settings == request.atlas
