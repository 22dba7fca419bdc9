"""The process of `database.sandbox`: takes queries from its standard input, one at a time."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from kn_assets.database import query
from kn_assets.database.database import Database
from kn_assets.database.sandbox import READY, receive, send
from kn_assets.errors import KnError
from kn_assets.lake import Lake

THREADS = 2


def main(root: str, memory_mb: int) -> None:
    """Answer queries on the lake at `root` until standard input ends."""
    import pyarrow as pa

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    database = Database(Lake(root), f"{memory_mb}MB", THREADS, hold=False)
    _limit(memory_mb)
    while True:
        answers.write(READY)
        answers.flush()
        try:
            question = json.loads(receive(sys.stdin.buffer))
        except EOFError:
            return
        try:
            with database.cursor() as cursor:
                result = query.run(cursor, **question)
        except (KnError, MemoryError) as e:
            name = "QueryTooBig" if isinstance(e, MemoryError) else type(e).__name__
            send(answers, json.dumps({"error": name, "message": str(e)}).encode())
            continue
        head = {
            "columns": result.columns,
            "types": result.types,
            "seconds": result.seconds,
            "truncated": result.truncated,
        }
        out = pa.BufferOutputStream()
        with pa.ipc.new_stream(out, result.table.schema) as writer:
            writer.write_table(result.table)
        send(answers, json.dumps(head).encode())
        send(answers, out.getvalue().to_pybytes())


def _limit(memory_mb: int) -> None:
    """Let the operating system hold what DuckDB's settings promise: memory, and no writing.

    Address space is limited where its present use can be read (Linux). Twice the query's memory on
    top leaves room for what DuckDB counts itself and for the answer.
    """
    import resource

    with suppress(OSError):
        # Should memory run out all the same, the kernel takes this process and not the server.
        Path("/proc/self/oom_score_adj").write_text("1000")
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        space = pages * resource.getpagesize() + 2 * memory_mb * (1 << 20)
        resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
