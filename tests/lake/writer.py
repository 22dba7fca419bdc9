"""A process that writes a table of a lake again and again, for tests of two at once.

    python -m tests.lake.writer LAKE NAME TIMES [--halt FILE | --no-wait]

With --halt it makes FILE once it is the lake's writer, and waits for its end.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pyarrow as pa

from kn_assets.errors import KnError
from kn_assets.lake import Lake, corpus
from kn_assets.lake.schema import ALL


def rows(of: int) -> pa.Table:
    """Rows of `prompts` that say who wrote them."""
    told = [{"prompt_id": i, "city_id": of, "text": f"{of}"} for i in range(of)]
    return pa.Table.from_pylist(told, schema=ALL["prompts"].schema)


def main(root: str, of: str, times: str, *options: str) -> int:
    lake = Lake(root)
    try:
        with lake.writing(wait="--no-wait" not in options):
            if "--halt" in options:
                Path(options[1]).touch()
                signal.pause()
            lake.recover()
            for _ in range(int(times)):
                lake.write(corpus("made"), "prompts", rows(int(of)), of)
    except KnError as e:
        print(e, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
