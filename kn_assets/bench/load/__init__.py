"""`kn bench load`: what visitors of a shared app wait, quiet and beside one who means ill.

The app runs in a process of its own behind a password, with the limits of a shared one. Visitors
log in, search, open prompts and neurons, ask SQL and run texts. Each kind of attack goes on beside
them in turn, between two quiet whiles, since machines are not as quick at all times. The ratio is
the worst of the attacks' p95 over that of both whiles together, over all that visitors asked but
runs of texts, which wait for each other by design. Memory is told as it goes: `--attacks` without a
name and an hour of `--seconds` shows whether it stays flat.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kn_assets.bench.load.attacks import ATTACKS, attacked
from kn_assets.bench.load.visitors import LOGIN, LOOK_S, logged_in, visits
from kn_assets.bench.load.watch import Watch
from kn_assets.bench.result import Figure, Result
from kn_assets.bench.ui.server import running
from kn_assets.errors import KnError
from kn_assets.lake import Lake

SLOW = "text"
"""The job whose runs wait for each other."""
WARM_S = 20.0
"""That visitors are let in before anything is timed: models load."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--people", type=int, default=50, help="visitors at once")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each phase")
    parser.add_argument(
        "--look", type=float, default=LOOK_S, help="seconds that one looks at an answer"
    )
    parser.add_argument(
        "--every", type=float, default=60.0, help="seconds between two lines that tell the memory"
    )
    parser.add_argument(
        "--attacks",
        nargs="*",
        choices=sorted(ATTACKS),
        default=sorted(ATTACKS),
        help="default: all, one after the other",
    )
    parser.add_argument("--lake", type=Path, help="lake to use (default: $KN_DATA, or data)")


def run(args: argparse.Namespace) -> Result:
    """Let visitors in, alone and beside each attack. Raises KnError where there is no atlas."""
    from kn_assets.bench.ui import largest

    lake = Lake(args.lake)
    atlas = largest(lake)
    figures: dict[str, Figure] = {}
    user, password = LOGIN
    with running(lake, {"KN_AUTH": f"{user}:{password}"}) as (url, process):
        watch = Watch(process.pid, lake, args.every)
        with watch, logged_in(url, atlas, args.people) as people:
            visits(people, atlas, min(WARM_S, args.seconds), args.look, "before")

            def quietly(number: int) -> Found:
                return visits(people, atlas, args.seconds, args.look, f"quiet {number}")

            alone, ratios = [quietly(0)], []
            for number, name in enumerate(args.attacks, 1):
                with attacked(name, url, atlas):
                    found = visits(people, atlas, args.seconds, args.look, name)
                if process.poll() is not None:
                    raise KnError(f"the app ended while it was attacked by {name}")
                alone.append(quietly(number))
                ratios.append(_p95(_quick(found)) / _p95(_quick(_joined(alone[-2:]))))
                figures |= {**_told(name, found), f"{name}, ratio": ratios[-1]}
        figures = {**_told("quiet", _joined(alone)), **figures, **watch.figures()}
    return Result(
        name="load",
        ratio=max(ratios, default=float("nan")),
        baseline="p95 of the same visitors with nobody beside them",
        figures=figures,
        settings={
            "model": atlas["model"],
            "prompts": atlas["n_prompts"],
            "people": args.people,
            "seconds": args.seconds,
            "look": args.look,
        },
    )


Found = tuple[dict[str, list[float]], list[str]]
"""Milliseconds by what was asked, and errors."""


def _joined(found: list[Found]) -> Found:
    names = sorted({name for times, _ in found for name in times})
    all_times = {name: [t for times, _ in found for t in times.get(name, [])] for name in names}
    return all_times, [error for _, errors in found for error in errors]


def _quick(found: Found) -> list[float]:
    return [t for name, times in found[0].items() if name != SLOW for t in times]


def _told(phase: str, found: Found) -> dict[str, Figure]:
    times, errors = found
    for error in sorted(set(errors))[:3]:
        print(f"kn: {phase}: {error}", file=sys.stderr)
    told: dict[str, Figure] = {phase: _spread(_quick(found))}
    if phase == "quiet":
        told |= {f"{phase}, {name}": _spread(values) for name, values in sorted(times.items())}
    elif SLOW in times:
        told[f"{phase}, {SLOW}"] = _spread(times[SLOW])
    return told | {f"{phase}, errors": len(errors)}


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"p50_ms": ordered[len(ordered) // 2], "p95_ms": _p95(ordered), "n": len(ordered)}


def _p95(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[round(0.95 * (len(ordered) - 1))]
