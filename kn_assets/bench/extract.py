"""Extraction to Parquet over the bare forward pass of the same model, prompts, batches and dtype.

Everything that comes out of one pass by way of neurons is included: fired neurons in both orders,
peaks, exact statistics, streaming top-k, written and merged. Rounds are interleaved. The bare pass
runs batch after batch, as anyone would run the model; how long it takes in the streams that
extraction runs in is told beside it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

from kn_assets.atlas.extract import NEEDS, extract
from kn_assets.atlas.forward.forward_only import forward_only
from kn_assets.atlas.loaded import load_model, tokenized
from kn_assets.atlas.needs import FIRED
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.bench.result import Figure, Result
from kn_assets.corpora.plan import CorpusPlan
from kn_assets.lake import Lake
from kn_assets.progress import Progress

TABLES = [t for t, need in NEEDS.items() if need == FIRED] + ["atlases", "thresholds"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="smollm2-135m", help="default smollm2-135m")
    parser.add_argument("--corpus", default="geonames", help="default geonames")
    parser.add_argument("--prompts", type=int, default=1000, help="default 1000")
    parser.add_argument("--dtype", default="auto", help="float32, bfloat16 or auto")
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; default 5")


def run(args: argparse.Namespace) -> Result:
    """Time `--rounds` rounds of the bare forward and of extraction, in turn."""
    settings = AtlasSettings(
        corpus=args.corpus,
        model=args.model,
        limit=args.prompts,
        dtype=args.dtype,
        device=args.device,
    ).checked()
    with tempfile.TemporaryDirectory(prefix="kn-bench-") as place:
        plan = prepared(Path(place), settings)
        bare, streams, ours = Times(), Times(), Times()
        _forward_only(plan)  # the first pass touches memory for the first time
        for _ in range(args.rounds):
            bare.take(lambda: _forward_only(plan))
            streams.take(lambda: _forward_only(plan, streams=True))
            ours.take(lambda: extract(plan, TABLES, Progress()))
        rows = plan.rows("activations")
        tokenizer = load_model(plan, Progress(), plan.device).tokenizer
        tokens = len(tokenized(plan, tokenizer, 1 << 30).ids)
        size = sum(
            f.stat().st_size
            for table in ("activations", "activations_by_neuron")
            for f in plan.lake.files(plan.model, table)
        )
        figures: dict[str, Figure] = {
            "bare forward, s": bare.wall,
            "bare forward in streams, s": streams.wall,
            "extraction, s": ours.wall,
            "ratio of processor times": ours.processor / bare.processor,
            "tokens a second": tokens / ours.wall,
            "rows of activations": rows,
            "bytes a row and order": size / rows / 2,
        }
        told = {
            "device": plan.device,
            "prompts": args.prompts,
            "tokens": tokens,
            "rounds": args.rounds,
        }
        return Result(
            "extract",
            median(o / b for o, b in zip(ours.walls, bare.walls, strict=True)),
            "the bare forward pass",
            figures,
            {"model": args.model, "corpus": args.corpus, "dtype": plan.dtype, **told},
        )


class Times:
    """Wall and processor seconds of one contender, round by round."""

    def __init__(self) -> None:
        self.walls: list[float] = []
        self.processors: list[float] = []

    def take(self, work: object) -> None:
        wall, processor = time.perf_counter(), time.process_time()
        work()  # type: ignore[operator]
        self.walls.append(time.perf_counter() - wall)
        self.processors.append(time.process_time() - processor)

    @property
    def wall(self) -> float:
        return median(self.walls)

    @property
    def processor(self) -> float:
        return median(self.processors)


def prepared(place: Path, settings: AtlasSettings) -> AtlasPlan:
    """A lake at `place` with the corpus, and the weights of the user's own lake linked in."""
    own, lake = Lake(), Lake(place)
    lake.make(own.models)
    lake.models.symlink_to(own.models)
    corpus = CorpusPlan(lake, settings.corpus)
    kept = own.folder(corpus.partition)
    if kept.exists():
        shutil.copytree(kept, lake.folder(corpus.partition))
    else:
        corpus.make(corpus.tables, Progress())
    return AtlasPlan(lake, settings)


def _forward_only(plan: AtlasPlan, streams: bool = False) -> None:
    """The model without its head over all prompts, nothing kept, loaded as extraction loads it."""
    loaded = load_model(plan, Progress(), plan.device)
    forward_only(loaded, tokenized(plan, loaded.tokenizer, loaded.parts.context), streams)
