"""Threads for what isn't the model: NumPy, Arrow and Parquet let go of the interpreter's lock."""

from __future__ import annotations

import os
from concurrent.futures import Executor, ThreadPoolExecutor

MOST = 8  # each may hold a block of rows: memory is bounded by their number


def n_workers() -> int:
    """As many as there are processors to run on, within bounds."""
    try:
        n = len(os.sched_getaffinity(0))
    except AttributeError:  # no Linux
        n = os.cpu_count() or 1
    return min(n, MOST)


def workers() -> Executor:
    """A pool of threads, to be closed by a `with`."""
    return ThreadPoolExecutor(n_workers(), thread_name_prefix="kn")
