"""Which tests are slow, and how hypothesis looks for counterexamples."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

HERE = Path(__file__).parent

# The same few examples each time; `--hypothesis-profile search` looks for new ones among many.
settings.register_profile(
    "fixed", derandomize=True, deadline=None, max_examples=60, database=None, print_blob=True
)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("fixed")

SLOW = (
    *("bench", "defs", "live", "ui"),
    *("atlas/test_embedded.py", "atlas/test_killed.py", "atlas/test_exact.py"),
    *("atlas/test_lazy_lens.py", "atlas/test_extract.py", "checks/test_runs.py", "cli/test_cli.py"),
    *("corpora/wikipedia/test_hard_sites.py", "corpora/wikipedia/test_resumed_pages.py"),
    *("corpora/wikipedia/test_run.py", "corpora/wikipedia/test_client.py"),
    *("database/query/test_limits.py", "database/test_scans.py", "docs"),
    *("knowledge/test_work.py", "launch", "maps/test_projection.py"),
    *("models/test_embedded.py", "models/test_hub.py", "models/test_convert.py"),
    *("training/test_resumed_run.py", "training/test_loop.py", "training/steps"),
)
"""Folders and files of whole runs, processes, models and pages: `make check` leaves them out."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow = [HERE / name for name in SLOW]
    missing = [str(path) for path in slow if not path.exists()]
    if missing:
        raise pytest.UsageError(f"SLOW in tests/conftest.py names what isn't there: {missing}")
    for item in items:
        if any(item.path.is_relative_to(path) for path in slow):
            item.add_marker(pytest.mark.slow)
