"""`kn bench query`: how long each macro takes, at growing sizes of a made-up atlas.

The atlases are written by the lake's own writer and asked as the app asks them. The baseline is the
same macros over the same rows in one unsorted file, asked in turn with the sorted ones; of an atlas
too large for that only the look-ups are asked, those that every click of the app waits for.
"""

from __future__ import annotations

import argparse
import math
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from kn_assets import lake as lakes
from kn_assets.bench.query.atlases import (
    DENSITY,
    LARGE,
    LAYERS,
    MODEL,
    NEURONS,
    TOKENS,
    atlas,
    unsorted,
)
from kn_assets.bench.query.questions import LOOK_UPS, ask
from kn_assets.bench.result import Figure, Result
from kn_assets.database.database import Database
from kn_assets.lake import Lake

COMPARED = ("heatmap", "neuron_prompts")


class Taken(NamedTuple):
    """Seconds that a question took: by the clock, and of the process' threads."""

    seconds: float
    cpu: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rows",
        type=int,
        nargs="+",
        default=[1_000_000, 10_000_000],
        help="fired activations of each atlas (default: %(default)s); 600 million need 7 GB",
    )
    parser.add_argument("--repeats", type=int, default=40, help="times each question is asked")
    parser.add_argument("--keep", type=Path, help="folder in which the atlases stay for next time")


def run(args: argparse.Namespace) -> Result:
    """Time all questions on atlases of `args.rows` fired activations."""
    figures: dict[str, Figure] = {}
    ratio = math.nan
    with tempfile.TemporaryDirectory() as scratch:
        for rows in args.rows:
            place = (args.keep or Path(scratch)) / f"{rows}"
            started = time.monotonic()
            lake = atlas(place, rows)
            plain = unsorted(lake, place / "unsorted") if rows <= LARGE else None
            words = f"{rows / 1e6:g}M"
            figures[f"made {words}"] = {"seconds": time.monotonic() - started}
            figures |= _sizes(lake, words)
            figures[f"new process {words}"] = {"ms": _first_query_ms(lake)}
            times = _ask_all(lake, plain, args.repeats)
            for name, taken in times.items():
                figures[f"{name} {words}"] = _percentiles(taken)
            if plain:
                ratio = math.exp(
                    statistics.fmean(
                        math.log(_p50(times[name]) / _p50(times[f"{name} unsorted"]))
                        for name in COMPARED
                    )
                )
            if not args.keep:
                shutil.rmtree(place)
    return Result(
        name="query",
        ratio=ratio,
        baseline="p50 of heatmap and neuron_prompts over one unsorted file of the same rows "
        f"(geometric mean, largest size up to {LARGE:,} rows)",
        figures=figures,
        settings={
            "rows": args.rows,
            "repeats": args.repeats,
            "layers": LAYERS,
            "neurons": NEURONS,
            "tokens": TOKENS,
            "density": DENSITY,
        },
    )


def _sizes(lake: Lake, words: str) -> dict[str, Figure]:
    """Bytes a row of both orders."""
    where = lakes.model(MODEL)
    found: dict[str, Figure] = {}
    for name in ("activations", "activations_by_neuron"):
        size = sum(f.stat().st_size for f in lake.files(where, name))
        meta = lake.meta(where, name)
        assert meta is not None
        found[f"{name} {words}"] = {"rows": meta["rows"], "bytes_per_row": size / meta["rows"]}
    return found


def _first_query_ms(lake: Lake) -> float:
    """Median of five whole processes which ask for one heatmap, start and end included."""
    code = (
        "import sys; from kn_assets.database import query; from kn_assets.lake import Lake;"
        f"query.main_query(Lake(sys.argv[1]), \"FROM heatmap('{MODEL}', 1) LIMIT 10\")"
    )
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", code, str(lake.root)],
            check=True,
            capture_output=True,
        )
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1e3


def _ask_all(lake: Lake, plain: Lake | None, repeats: int) -> dict[str, list[Taken]]:
    """What each question took, sorted and unsorted in turn, after a few to warm up."""
    info = lake.meta(lakes.model(MODEL), "prompt_map")
    assert info is not None
    rng = random.Random(0)
    times: dict[str, list[Taken]] = {}
    ours, theirs = Database(lake), Database(plain) if plain else None
    for i in range(repeats + 3):
        asked = ask(info["rows"], rng, None if plain else list(LOOK_UPS))
        for name, sql in asked.items():
            labels = [(name, ours)]
            if theirs and name in COMPARED:
                labels.append((f"{name} unsorted", theirs))
            for label, database in labels:
                taken = _taken(database, sql)
                if i >= 3:
                    times.setdefault(label, []).append(taken)
    ours.close()
    if theirs:
        theirs.close()
    return times


def _taken(database: Database, sql: str) -> Taken:
    started, worked = time.perf_counter(), time.process_time()
    with database.cursor() as cursor:
        cursor.execute(sql).fetchnumpy()
    return Taken(time.perf_counter() - started, time.process_time() - worked)


def _p50(times: list[Taken]) -> float:
    return statistics.median(t.seconds for t in times)


def _percentiles(times: list[Taken]) -> dict[str, float]:
    ranked = sorted(t.seconds for t in times)
    at = min(len(ranked) - 1, math.ceil(0.95 * len(ranked)) - 1)
    return {
        "p50_ms": _p50(times) * 1e3,
        "p95_ms": ranked[at] * 1e3,
        "cpu_p50_ms": statistics.median(t.cpu for t in times) * 1e3,
    }
