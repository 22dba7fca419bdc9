"""Which tests are slow, which share a worker, and how hypothesis looks for counterexamples."""

from __future__ import annotations

import gc
import signal
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from xdist.scheduler import Scheduling

HERE = Path(__file__).parent

# The same few examples each time; `--hypothesis-profile search` looks for new ones among many.
settings.register_profile(
    "fixed", derandomize=True, deadline=None, max_examples=60, database=None, print_blob=True
)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("fixed")

SLOW = (
    *("training/steps", "database/query", "database/test_stray_files.py", "ui/awkward"),
    *("cli/test_stopping.py", "launch", "cli/test_cli.py"),
    *("models/test_hub.py", "knowledge/circuits/test_tables.py", "defs/test_defs.py"),
    *("ui", "corpora/wikipedia/test_run.py"),
    *("live", "corpora/wikipedia/test_hard_sites.py", "database/test_bound.py"),
    *("defs/plots/test_picture.py", "corpora/wikipedia/test_pages.py", "atlas/test_embedded.py"),
    *("database/test_views.py", "database/test_other_lakes.py", "atlas/test_exact.py", "bench"),
    *("corpora/wikipedia/test_client.py", "atlas/test_families.py", "defs", "package", "docs"),
    *("training/test_resumed_run.py", "corpora/wikipedia/test_resumed_pages.py"),
    *("atlas/test_lazy_lens.py", "atlas/test_extract.py", "corpora/geonames/test_texts.py"),
    *("maps/test_tables.py", "maps/test_projection.py", "atlas/test_killed.py"),
    *("knowledge/test_work.py", "checks/test_runs.py", "knowledge/test_pretrained.py"),
    *("database/test_scans.py", "models/test_embedded.py", "training/test_loop.py"),
    *("atlas/activations/test_properties.py", "corpora/geonames/test_facts_told.py"),
    *("models/test_convert.py", "knowledge/test_sql.py", "lake/test_locks.py"),
    *("knowledge/test_other_facts.py", "models/test_hostile_files.py", "database/test_stored.py"),
    *("atlas/verification", "database/test_map_macros.py", "atlas/lens"),
    *("database/test_neuron_halves.py", "knowledge/circuits/test_split.py"),
)
"""Folders and files of whole runs, processes, models and pages, the longest first: `make check`
leaves them out, and all others come after them, so that no worker is left with one at the end.
While the first compiles what counts activations, the next ones need nothing of it."""

RARELY = (50_000, 20, 100)
"""When Python looks for garbage in cycles: by default so often that it is a sixth of all that
importing the tests takes."""

TOGETHER = ("training/steps", "ui/awkward")
"""Folders whose files share what takes long to make: one worker has them all."""


def pytest_configure() -> None:
    """What a shell starts in the background ignores Ctrl+C, and so would what tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.set_threshold(*RARELY)


def pytest_collection_finish() -> None:
    """What was imported stays: no look for garbage need go through its millions of objects."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """What is never looked through is never freed, of which a binding complains at the end."""
    gc.unfreeze()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is left out isn't imported either."""
    left_out = "not slow" in config.option.markexpr and _place(collection_path) < len(SLOW)
    return left_out or None


@pytest.hookimpl(tryfirst=True)  # before xdist looks for the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [name for name in (*SLOW, *TOGETHER) if not (HERE / name).exists()]
    if missing:
        raise pytest.UsageError(f"tests/conftest.py names what isn't there: {missing}")
    items.sort(key=lambda item: _place(item.path))
    for item in items:
        if _place(item.path) < len(SLOW):
            item.add_marker(pytest.mark.slow)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fast tests need no Dagster, which takes seconds to import."""
    if item.get_closest_marker("slow"):
        import_module("tests.quick_store")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    """With `--dist loadgroup` the tests of a file, or of a folder of TOGETHER, go to one worker.

    By the names of files, not by xdist's marks: it notes those in `_nodeid`, which pytest 9.2
    doesn't read any more, so that every test would go where there is room, and each worker would
    make what a file's tests share.
    """
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    return ByFile(config, log)


def group(nodeid: str) -> str:
    """The tests that share a worker with this one: its file, or its folder of TOGETHER."""
    path = Path(nodeid.partition("::")[0])
    folders = (f for f in TOGETHER if path.is_relative_to(Path(HERE.name, f)))
    return next(folders, str(path))


@cache  # asked for each test, and each time it takes a millisecond
def _place(path: Path) -> int:
    """The place of a file in SLOW; behind all where it isn't in there."""
    places = (i for i, name in enumerate(SLOW) if path.is_relative_to(HERE / name))
    return next(places, len(SLOW))
