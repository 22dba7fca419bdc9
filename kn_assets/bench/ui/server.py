"""The app in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kn_assets.errors import KnError
from kn_assets.lake import Lake

SERVER = (
    "import sys; from kn_assets.lake import Lake; from ui.serve import serve; "
    "serve(Lake(sys.argv[1]), port=int(sys.argv[2]), quiet=True).block_thread()"
)


@contextmanager
def app(lake: Lake) -> Iterator[str]:
    """The app in a process of its own; gives its address once it answers."""
    with running(lake, {}) as (url, _):
        yield url


@contextmanager
def running(
    lake: Lake, environment: Mapping[str, str]
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """As `app`, with its process; `environment` is added to this one's."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(lake.root), str(port)],
        env={**os.environ, **environment, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise KnError("the app did not start: `kn ui` says why")
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/", process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:  # whoever started us may have it ignore the signal
            process.kill()
            process.wait()
