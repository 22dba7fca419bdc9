"""A `kn` command at the lowest priority, which ends with the process that started it.

    python -m kn_assets.launch.background.child --data lake run --model ...

Whoever starts it holds the other end of its standard input: once that is closed, in whatever way
that process ended, the command is asked to end as by Ctrl+C.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from kn_assets.launch.background.aside import woken_by_the_end

NICEST = 19  # unless $KN_NICE says otherwise


def main(words: list[str]) -> None:
    """Run the command in this process; ends it with the command's exit code."""
    os.setsid()  # Ctrl+C in the app's terminal is for the app, which then ends this
    lowered = int(os.environ.get("KN_NICE") or NICEST)
    os.nice(lowered)
    # Linux shares processors among sessions first: without a word the app's and this one would get
    # as much, and the browser's would go short.
    for name, value in (("autogroup", lowered), ("oom_score_adj", 1000)):
        with suppress(OSError):  # no Linux, or a kernel without it
            Path("/proc/self", name).write_text(str(value))
    woken_by_the_end()
    threading.Thread(target=_end_with_the_app, daemon=True).start()
    sys.argv = ["kn", *words]
    runpy.run_module("kn_assets.cli", run_name="__main__")


def _end_with_the_app() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
