"""The process of `database.sandbox`: answers queries, one at a time."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from kn_assets.database import query
from kn_assets.database.database import Database
from kn_assets.database.encoded import encode
from kn_assets.lake import Lake
from kn_assets.processes import serve
from kn_assets.progress import Progress

THREADS = 2


def main(connection: str, root: str, memory_mb: int, behind: bool) -> None:
    """Answer queries on the lake at `root` until the server has gone, `behind` all that runs."""
    if behind:
        os.nice(10)
    database = Database(Lake(root), f"{memory_mb}MB", THREADS, hold=False)
    _limit(memory_mb)

    def answer(question: dict[str, Any], _: Progress) -> tuple[dict[str, Any], bytes]:
        try:
            with database.cursor() as cursor:
                found = encode(cursor, **question)
        except MemoryError as e:
            raise query.QueryTooBig(query.TOO_BIG) from e
        head = {name: value for name, value in vars(found).items() if name != "body"}
        return head, found.body

    serve(connection, answer)


def _limit(memory_mb: int) -> None:
    """Let the operating system hold what DuckDB's settings promise: memory, and no writing.

    Address space is limited on Linux alone. Twice the query's memory on top of what it has now
    leaves room for what DuckDB counts itself and for the answer.
    """
    import resource

    import psutil

    with suppress(OSError):
        # Should memory run out all the same, the kernel takes this process and not the server.
        Path("/proc/self/oom_score_adj").write_text("1000")
    if psutil.LINUX:
        space = psutil.Process().memory_info().vms + 2 * memory_mb * (1 << 20)
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        if most != resource.RLIM_INFINITY:
            space = min(space, most)  # a limit that was set for the server can't be raised
        resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), "behind" in sys.argv[4:])
