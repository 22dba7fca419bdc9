"""Peak memory of making an atlas against the size of its corpus, each in a process of its own.

Real descriptions, repeated where a size needs more than there are. Without `--model` a small GPT-2
with random weights is taken, since what is asked is whether anything grows with the corpus. The
peak is the process's resident set at its highest, model and libraries included.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.bench.extract import TABLES as FIRED_TABLES
from kn_assets.bench.extract import prepared
from kn_assets.bench.result import Figure, Result
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.lake.schema import TABLES
from kn_assets.models.quiet import quiet
from kn_assets.progress import Progress

SMALL = (500, 5000)
TABLES_MADE = [*FIRED_TABLES, "tokens"]
_CHILD = """
import sys
from kn_assets.atlas.estimate import peak_memory
from kn_assets.bench import memory
memory.make(sys.argv[1], sys.argv[2])
print(peak_memory())
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--prompts", type=int, nargs="+", default=SMALL, help="sizes; default 500 5000"
    )
    parser.add_argument("--model", help="default: a small GPT-2 with random weights")
    parser.add_argument("--corpus", default="geonames", help="default geonames")
    parser.add_argument("--dtype", default="auto", help="float32, bfloat16 or auto")


def run(args: argparse.Namespace) -> Result:
    """Make an atlas of each size; the ratio is the last size's peak over the first's."""
    if len(args.prompts) < 2:
        raise KnError("--prompts takes two sizes or more, e.g. --prompts 2000 20000")
    peaks: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="kn-bench-") as place:
        for size in args.prompts:
            peaks[size] = _peak(Path(place) / f"{size}", size, args)
    figures: dict[str, Figure] = {f"{size} prompts, MiB": peak for size, peak in peaks.items()}
    return Result(
        "memory",
        peaks[args.prompts[-1]] / peaks[args.prompts[0]],
        f"the peak at {args.prompts[0]} prompts",
        figures,
        {"model": args.model or "random GPT-2", "corpus": args.corpus, "dtype": args.dtype},
    )


def make(root: str, settings: str) -> None:
    """Make the tables that come out of neurons, and the tokens: what the child does."""
    from kn_assets.atlas.extract import extract

    extract(AtlasPlan(Lake(root), AtlasSettings.from_json(settings)), TABLES_MADE, Progress())


def _peak(place: Path, size: int, args: argparse.Namespace) -> float:
    """MiB at the highest in a fresh process that makes an atlas of `size` prompts."""
    place.mkdir()
    settings = AtlasSettings(corpus=args.corpus, model=args.model or "gpt2", dtype=args.dtype)
    plan = prepared(place, settings)
    _repeat_prompts(plan, size)
    if args.model is None:
        settings = settings.with_given(model=str(_random_model(plan, place / "random")))
    command = [sys.executable, "-c", _CHILD, str(place), settings.to_json()]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise KnError(f"{size} prompts: {(ended.stderr.strip().splitlines() or ['killed'])[-1]}")
    return int(ended.stdout.split()[-1]) / 2**20


def _repeat_prompts(plan: AtlasPlan, size: int) -> None:
    """Replace the corpus' prompts by `size` of them, each with an id of its own."""
    found = plan.lake.read(plan.corpus, "prompts")
    rows = np.fromiter(islice(cycle(range(len(found))), size), np.int64, size)
    repeated = found.take(pa.array(rows))
    ids = pa.array(np.arange(size), TABLES["prompts"].schema.field("prompt_id").type)
    repeated = repeated.set_column(0, "prompt_id", ids)
    plan.lake.write(plan.corpus, "prompts", repeated, f"{size} prompts")


def _random_model(plan: AtlasPlan, folder: Path) -> Path:
    """A GPT-2 of 4 layers with 1,024 neurons each and a tokenizer of its own, untrained."""
    from kn_assets.training.network import new_model, new_tokenizer
    from kn_assets.training.settings import TrainSettings

    settings = TrainSettings(layers=4, width=256, heads=4, context=64, vocabulary=2000)
    texts = plan.lake.read(plan.corpus, "prompts", ["text"])["text"].slice(0, 500)
    tokenizer = new_tokenizer(texts.to_pylist(), settings)
    with quiet():
        new_model(settings, tokenizer).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder
