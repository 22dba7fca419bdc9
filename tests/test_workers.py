"""The tests of a file run in one worker, and so do those of files that share what takes long."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import TOGETHER, pytest_xdist_make_scheduler

FILES = ("tests/a/test_x.py", "tests/a/test_y.py", *(f"tests/{f}/test_z.py" for f in TOGETHER))


class Worker:
    """What a scheduler uses of a worker: keeps the numbers of the tests that it is given."""

    shutting_down = False

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.given: list[int] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        self.given += indices

    def shutdown(self) -> None:
        self.shutting_down = True


@pytest.fixture
def given(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """Which files' tests each of two workers is given, where all are done in the order given."""
    monkeypatch.setattr(request.config.option, "dist", "loadgroup")
    monkeypatch.setattr(request.config.option, "tx", ["popen", "popen"])
    monkeypatch.setattr(request.config.option, "loadscopereorder", False)
    names = [f"{file}::test[{n}]" for n in range(6) for file in FILES]
    names += [f"tests/{f}/test_other.py::test@b[c::d]" for f in TOGETHER]
    scheduler: Any = pytest_xdist_make_scheduler(request.config, None)
    workers = [Worker("gw0"), Worker("gw1")]
    for worker in workers:
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, names)
    scheduler.schedule()
    done = [0, 0]
    while sum(done) < len(names):
        before = sum(done)
        for i, worker in enumerate(workers):
            if done[i] < len(worker.given):
                scheduler.mark_test_complete(worker, worker.given[done[i]])
                done[i] += 1
        assert sum(done) > before, "tests are left that no worker was given"
    return [{names[i].partition("::")[0] for i in worker.given} for worker in workers]


def test_no_file_is_shared_out(given: list[set[str]]) -> None:
    one, other = given
    assert one and other
    assert not one & other


def test_a_folder_whose_files_share_what_takes_long_has_one_worker(given: list[set[str]]) -> None:
    for folder in TOGETHER:
        files = {f"tests/{folder}/test_z.py", f"tests/{folder}/test_other.py"}
        assert [w & files for w in given if w & files] == [files]
