"""Runs in children of a process that has loaded everything, so that many can be killed quickly.

Started with a lake and settings, it answers each line on its standard input with the number of a
new child, which makes what is missing of an atlas and says each shard that it has stored, then with
`over`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import torch

from kn_assets.atlas import extract as extraction
from kn_assets.atlas import shard
from kn_assets.atlas.loaded import load_model
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.lake import Lake
from kn_assets.lake.plan import is_current
from kn_assets.progress import Progress

SHARD_PROMPTS = 3


def say(text: object) -> None:
    print(text, flush=True)


def run(plan: AtlasPlan) -> None:
    """As `kn run` does it: finish replacing, make what is missing, tidy up."""
    store = shard.run_shard

    def told(loaded: Any, job: Any, folder: Path, bar: Any, pool: Any) -> Any:
        new = not folder.exists()
        store(loaded, job, folder, bar, pool)
        if new:
            say(folder.name)

    setattr(extraction, "run_shard", told)  # noqa: B010 (which the module imports for itself)
    plan.lake.recover()
    missing = [t for t in extraction.NEEDS if not is_current(plan, t)]
    if missing:
        extraction.extract(plan, missing, Progress())
    else:
        extraction.tidy(plan)
    say("done")


def serve(lake: str, settings: str) -> None:
    torch.set_num_threads(1)  # threads don't survive a fork
    extraction.SHARD_PROMPTS = SHARD_PROMPTS
    plan = AtlasPlan(Lake(lake), AtlasSettings.from_json(settings))
    load_model(plan, Progress())
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            run(plan)
            os._exit(0)
        say(child)
        os.waitpid(child, 0)
        say("over")


if __name__ == "__main__":
    serve(*sys.argv[1:])
