"""`kn` that halts within a table, for tests that kill it there.

    python -m tests.launch.halting_run activations FILE --data lake run --model ...

It makes FILE once the table's rows are written, before they become the table, and waits there for
its end.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kn_assets.cli.parser import main
from kn_assets.lake import Lake, Partition


def halt_within(table: str, halted: Path) -> None:
    """Make every lake halt before it replaces that table; the file `halted` says that it has."""
    replacing = Lake.replacing

    @contextmanager
    def halting(
        lake: Lake, partition: Partition, name: str, fingerprint: str, **notes: Any
    ) -> Iterator[Path]:
        with replacing(lake, partition, name, fingerprint, **notes) as folder:
            yield folder
            if name == table:
                halted.touch()
                signal.pause()

    Lake.replacing = halting  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    halt_within(sys.argv[1], Path(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
