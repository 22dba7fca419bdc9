"""What a first start waits for longest: Python's bytecode of the libraries, and the list of fonts.

Both are kept once made. A process beside the first run makes them for what that run needs last,
while its own imports and the model's conversion leave a core idle.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

LIBRARIES = (
    "torch",
    "transformers.models.llama.modeling_llama",
    "matplotlib.font_manager",
    "gradio",
)
"""In the order in which they are needed; each is imported long before the run comes to it."""


@contextmanager
def ahead(libraries: Sequence[str] = LIBRARIES) -> Iterator[subprocess.Popen[bytes] | None]:
    """While it is held, another process imports what was never imported here; None where all was.

    Gives that process, which is ended at the end.
    """
    news = [] if sys.dont_write_bytecode else [name for name in libraries if _is_new(name)]
    if not news:
        yield None
        return
    words = "\n".join(f"import {name}" for name in news)
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, "-c", words], stdin=nowhere, stdout=nowhere, stderr=nowhere
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _is_new(name: str) -> bool:
    """Whether Python has no bytecode of a library yet: that of its package, for a module in it."""
    spec: ModuleSpec | None = find_spec(name.partition(".")[0])
    return bool(spec and spec.cached and not Path(spec.cached).exists())
