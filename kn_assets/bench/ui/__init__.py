"""`kn bench ui`: how long a person waits for the app, in headless Chromium.

The app runs in a process of its own on the largest atlas of the lake. Times are taken in the page,
from the click to the frame that shows its effect; search is timed on the server, since one types on
while it answers. The baseline is an empty question to the same server, asked in turn with the
clicks on neurons. What the atlas has no tables for, or whose model isn't on this machine, has no
figure.
"""

from __future__ import annotations

import argparse
import random
import statistics
from pathlib import Path
from typing import Any

from kn_assets.bench.result import Figure, Result
from kn_assets.bench.ui.answers import asks, facts, targets
from kn_assets.bench.ui.background import a_run, can_run
from kn_assets.bench.ui.crowd import crowd, typing
from kn_assets.bench.ui.page import Times, browser, clicks, loads
from kn_assets.bench.ui.server import app
from kn_assets.errors import KnError
from kn_assets.lake import Lake


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repeats", type=int, default=60, help="clicks of each kind")
    parser.add_argument(
        "--loads", type=int, default=5, help="times the page and the map are opened"
    )
    parser.add_argument("--people", type=int, default=20, help="who click through it at once")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long they do")
    parser.add_argument(
        "--busy", action="store_true", help="also while an atlas is made in the background"
    )
    parser.add_argument("--lake", type=Path, help="lake to use (default: $KN_DATA, or data)")


def run(args: argparse.Namespace) -> Result:
    """Time the app on the largest atlas.

    Raises KnError where there is no atlas, no Chromium, or no playwright; with `--busy`, where no
    atlas can be made.
    """
    lake = Lake(args.lake)
    atlas = largest(lake)
    if args.busy and not can_run(lake):
        raise KnError("--busy makes an atlas of the demo's model: `kn demo` gets it")
    rng = random.Random(0)
    with app(lake) as url, browser() as chromium:
        ready, maps, moves = loads(chromium, url, atlas, args.loads)
        times = clicks(chromium, url, atlas, args.repeats, rng)
        answered = {
            **targets(chromium, url, atlas, args.repeats, seed=0),
            **facts(chromium, url, atlas, args.repeats),
            **asks(chromium, url, atlas, args.repeats, seed=0),
        }
        busy = _beside_a_run(lake, chromium, url, atlas, args, rng) if args.busy else {}
        searches = typing(url, atlas)
        answers, errors = crowd(url, atlas, args.people, args.seconds)
    figures: dict[str, Figure] = {
        "ready": _percentiles(ready),
        **{name: _percentiles(values) for name, values in {**times, **answered}.items()},
        **{f"{name}, beside a run": _percentiles(values) for name, values in busy.items()},
        "map": _percentiles(maps),
        "map, moved": _percentiles(moves),
        "search": _percentiles(searches),
        f"prompt, {args.people} at once": _percentiles(answers["prompt"]),
        f"neuron, {args.people} at once": _percentiles(answers["neuron"]),
        "errors": errors,
    }
    return Result(
        name="ui",
        ratio=statistics.median(times["neuron"]) / statistics.median(times["empty question"]),
        baseline="p50 of an empty question to the same server (for a click on a neuron)",
        figures=figures,
        settings={
            "model": atlas["model"],
            "prompts": atlas["n_prompts"],
            "layers": atlas["n_layers"],
            "neurons": atlas["n_neurons"],
            "repeats": args.repeats,
            "loads": args.loads,
            "people": args.people,
            "seconds": args.seconds,
        },
    )


def _beside_a_run(
    lake: Lake,
    chromium: Any,
    url: str,
    atlas: dict[str, Any],
    args: argparse.Namespace,
    rng: random.Random,
) -> Times:
    with a_run(lake) as stand_aside:
        return clicks(chromium, url, atlas, args.repeats, rng, asked=stand_aside)


def largest(lake: Lake) -> dict[str, Any]:
    """The atlas of most prompts and neurons. Raises KnError where there is none."""
    from kn_assets.database.database import Database
    from ui.rows import atlases

    database = Database(lake)
    found = atlases(database)
    database.close()
    if not found:
        raise KnError(f"there is no atlas in {lake.root}: `kn demo` makes one")
    return max(found, key=lambda a: (a["n_prompts"] * a["n_layers"] * a["n_neurons"], a["model"]))


def _percentiles(milliseconds: list[float]) -> dict[str, float]:
    ordered = sorted(milliseconds)
    return {
        "p50_ms": statistics.median(ordered),
        "p95_ms": ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))],
        "n": len(ordered),
    }
