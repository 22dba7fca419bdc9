"""Cleaning pages to descriptions, against bare lxml parsing of the same bytes."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

from lxml import etree

from kn_assets.bench.result import Result
from kn_assets.bench.scrape import repository
from kn_assets.errors import KnError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pages", type=Path, help="folder of HTML files; default: pages of the stand-in Wikipedia"
    )
    parser.add_argument("--cities", type=int, default=200, help="how many of the stand-in's pages")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, baseline and ours in turn")


def run(args: argparse.Namespace) -> Result:
    """Clean all pages some times, in turn with parsing them. Raises KnError without pages."""
    from kn_assets.corpora.wikipedia.html.text import describe

    pages = _pages(args)
    size = sum(map(len, pages))
    ours: list[list[float]] = []
    bare: list[list[float]] = []
    for _ in range(args.rounds):
        bare.append(_timed(_parse, pages))
        ours.append(_timed(describe, pages))
    best, best_bare = min(map(sum, ours)), min(map(sum, bare))
    each = [min(times) * 1000 for times in zip(*ours, strict=True)]
    cuts = quantiles(each, n=20) if len(each) > 1 else each * 19
    return Result(
        "clean",
        best / best_bare,
        "bare lxml.etree HTML parsing of the same bytes (time over time)",
        {
            "pages/s": len(pages) / best,
            "MB/s": size / 1e6 / best,
            "baseline MB/s": size / 1e6 / best_bare,
            "one page": {"p50_ms": cuts[9], "p95_ms": cuts[18]},
            "pages": len(pages),
            "MB": size / 1e6,
        },
        {"pages": str(args.pages or "stand-in"), "rounds": args.rounds},
    )


def _pages(args: argparse.Namespace) -> list[bytes]:
    from kn_assets.corpora.wikipedia.html.document import decode

    if args.pages:
        files = sorted(p for p in args.pages.rglob("*.html") if p.is_file())
        if not files:
            raise KnError(f"no .html file below {args.pages}: name a folder of saved pages")
        return [decode(f.read_bytes()).encode() for f in files]
    sys.path.insert(0, str(repository()))
    try:
        from tests.corpora.wikipedia.world import World
    finally:
        sys.path.pop(0)
    world = World(args.cities)
    pages = (world.article(name) for name in world.names)
    return [page.encode() for page in pages if page is not None]


def _timed(work: Callable[[bytes], object], pages: list[bytes]) -> list[float]:
    """Seconds for each page."""
    times = []
    for page in pages:
        started = time.perf_counter()
        work(page)
        times.append(time.perf_counter() - started)
    return times


def _parse(page: bytes) -> object:
    return etree.fromstring(page, etree.HTMLParser(encoding="utf-8", huge_tree=True))
