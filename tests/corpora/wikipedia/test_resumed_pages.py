"""What is stored is never fetched again: runs that are killed, or whose disk is full."""

from __future__ import annotations

import errno
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from kn_assets import lake
from kn_assets.corpora.wikipedia import prompts
from kn_assets.corpora.wikipedia.http import journal
from kn_assets.errors import KnError
from tests import forked
from tests.corpora.wikipedia.scraping import CORPUS, scrape, served, stored
from tests.corpora.wikipedia.standin import StandIn
from tests.corpora.wikipedia.world import World

ROOT = Path(__file__).parents[3]
RUN = """
import sys
from pathlib import Path
from tests.corpora.wikipedia.scraping import scrape
scrape(sys.argv[1], Path(sys.argv[2]), rate=float(sys.argv[3]))
"""


@pytest.mark.parametrize("n", [80, pytest.param(240, marks=pytest.mark.thorough)])
def test_killed_three_times(tmp_path: Path, n: int) -> None:
    world = World(n)
    rng = random.Random(7)
    with StandIn(world) as quiet:
        _, _, expected = scrape(quiet.url, tmp_path / "quiet")
    with StandIn(world) as site:
        command = [sys.executable, "-c", RUN, site.url, str(tmp_path / "killed"), "150"]
        at_kills: list[tuple[set[str], dict[str, int]]] = []
        enough = 0
        for k in range(3):
            enough += n * rng.randint(30, 60) // 240
            with forked.Popen(command, cwd=ROOT) as process:
                try:
                    while len(served(site)) < enough:
                        assert process.poll() is None
                        time.sleep(0.01)
                finally:
                    process.kill()
            kept, before = stored(tmp_path / "killed"), served(site)
            # What was served but not stored was in flight.
            assert len(set(before) - kept) <= 2 * (k + 1)
            assert len(kept) >= enough - 3 * (k + 1)
            at_kills.append((kept, before))
        assert forked.run(command, cwd=ROOT).returncode == 0
        after = served(site)
        for kept, before in at_kills:
            assert {p for p in kept if after[p] > before[p]} == set()
        assert sum(after.values()) <= n + 3 * 2
    pages = lake.Lake(tmp_path / "killed").read(CORPUS, "pages")
    got = prompts(pages, pages.select(["city_id", "url"])).table
    assert got.num_rows == n
    assert got.equals(expected)


def test_a_torn_journal_gives_its_whole_pages(tmp_path: Path) -> None:
    rows = [{"url": str(i), "html": os.urandom(500), "status": 200} for i in range(5)]
    with journal.Journal(tmp_path) as j:
        for row in rows:
            j.append(row)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    counts = []
    for end in [*range(0, len(whole), 97), len(whole)]:
        file.write_bytes(whole[:end])
        got = list(journal.rows(tmp_path))
        assert [r["html"] for r in got] == [r["html"] for r in rows[: len(got)]]
        counts.append(len(got))
    assert counts == sorted(counts)
    assert set(counts) == {0, 1, 2, 3, 4, 5}
    # A later run writes a file of its own behind it.
    with journal.Journal(tmp_path) as j:
        j.append({"url": "later"})
    assert [r["url"] for r in journal.rows(tmp_path)][-1] == "later"


class Filling:
    """A file on a disk that is full after some bytes."""

    def __init__(self, path: Path, room: int) -> None:
        self.file, self.room = path.open("xb"), room
        self.closed = False

    def write(self, data: Any) -> int:
        data = bytes(data)
        self.file.write(data[: self.room])
        self.file.flush()
        if len(data) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= len(data)
        return len(data)

    def flush(self) -> None:
        self.file.flush()

    def close(self) -> None:
        self.closed = True
        self.file.close()


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.open

    def filling(self: Path, mode: str = "r", *args: Any, **more: Any) -> Any:
        if self.name.endswith(".arrows") and "x" in mode:
            monkeypatch.setattr(Path, "open", real)
            return Filling(self, 60_000)
        return real(self, mode, *args, **more)

    with StandIn(World(60)) as site:
        monkeypatch.setattr(Path, "open", filling)
        with pytest.raises(KnError, match="is full: free some space") as e:
            scrape(site.url, tmp_path)
        assert "\n" not in str(e.value)
        kept = stored(tmp_path)
        assert 0 < len(kept) < 60
        summary, _, made = scrape(site.url, tmp_path)
        assert summary.outcomes["resumed"] == len(kept)
        assert {p for p in kept if served(site)[p] > 1} == set()
    assert made.num_rows == 60


def test_unwritable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with StandIn(World(10)) as site:
        with pytest.raises(KnError, match="make it writable or set KN_DATA") as e:
            scrape(site.url, tmp_path / "file")
        assert "\n" not in str(e.value)
        assert served(site) == {}
