"""Scraping against the stand-in Wikipedia of the tests, with kills and faults where asked for.

The baseline downloads and unpacks the same pages over as many bare `http.client` connections, keeps
nothing and checks nothing. The stand-in runs in a process of its own.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from kn_assets import lake
from kn_assets.bench.result import Figure, Result
from kn_assets.errors import KnError
from kn_assets.progress import LogProgress, Progress

_CORPUS = lake.corpus("wikipedia")
_CONTACT = "bench@example.org"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cities", type=int, default=600, help="cities of the stand-in")
    parser.add_argument("--rate", type=float, default=5000.0, help="requests a second at most")
    parser.add_argument("--concurrency", type=int, default=2, help="requests under way at once")
    parser.add_argument("--kills", type=int, default=0, help="SIGKILLs during one more run")
    parser.add_argument("--fault-share", type=float, default=0.0, help="share of faulty answers")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, baseline and ours in turn")
    parser.add_argument("--seed", type=int, default=0, help="seed of kills and faults")


def run(args: argparse.Namespace) -> Result:
    """Scrape `args.cities` pages, in turn with the baseline. Raises KnError without the tests."""
    ours: list[float] = []
    bare: list[float] = []
    figures: dict[str, Figure] = {}
    with tempfile.TemporaryDirectory() as folder:
        with stand_in(args.cities) as url:
            for i in range(args.rounds):
                cities, seconds = _scrape(url, Path(folder) / f"round-{i}", args)
                ours.append(seconds)
                urls = cities["url"].to_pylist()
                started = time.perf_counter()
                size = _download(urls, args.concurrency)
                bare.append(time.perf_counter() - started)
        reference = _prompts(Path(folder) / "round-0")
        figures |= {
            "pages/s": len(urls) / min(ours),
            "baseline pages/s": len(urls) / min(bare),
            "MB/s of HTML": size / 1e6 / min(ours),
            "prompts": len(reference),
        }
        if args.kills or args.fault_share:
            figures |= _disturbed(Path(folder) / "disturbed", args, reference)
    return Result(
        "scrape",
        min(ours) / min(bare),
        f"bare http.client over {args.concurrency} connections, nothing kept (time over time)",
        figures,
        {k: v for k, v in vars(args).items() if k in _SETTINGS},
    )


_SETTINGS = ("cities", "rate", "concurrency", "kills", "fault_share", "rounds", "seed")


def repository() -> Path:
    """The clone whose tests hold the stand-in. Raises KnError where the package has none."""
    folder = Path(__file__).parents[2]
    if not (folder / "tests" / "corpora" / "wikipedia" / "standin.py").exists():
        raise KnError("this benchmark needs the tests of the repository: run it from a clone")
    return folder


@contextmanager
def stand_in(cities: int, fault_share: float = 0.0, seed: int = 0) -> Iterator[str]:
    """Run the stand-in Wikipedia in a process of its own; gives its address."""
    options = ["--cities", str(cities), "--fault-share", str(fault_share), "--seed", str(seed)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.corpora.wikipedia.standin", *options],
        cwd=repository(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait()


def _scrape(url: str, data: Path, args: argparse.Namespace) -> tuple[pa.Table, float]:
    """List, pages and prompts into the lake at `data`; gives cities and the seconds of `pages`."""
    from kn_assets.corpora import wikipedia as w

    settings = w.Settings.of(
        contact=_CONTACT, base_url=url, rate=args.rate, concurrency=args.concurrency, backoff=0.1
    )
    place = lake.Lake(data)
    progress = LogProgress(lambda line: print(line, file=sys.stderr)) if args.kills else Progress()
    with w.Client(settings) as client:
        cities = w.cities(client, progress).table
        started = time.perf_counter()
        w.fetch_pages(place, _CORPUS, cities, client, progress)
        seconds = time.perf_counter() - started
    made = w.prompts(place.read(_CORPUS, "pages"), cities)
    place.write(_CORPUS, "prompts", made.table, "bench")
    return cities, seconds


def _prompts(data: Path) -> pa.Table:
    return lake.Lake(data).read(_CORPUS, "prompts")


def _download(urls: list[str], connections: int) -> int:
    """Fetch and unpack addresses; gives the bytes of HTML."""

    def some(part: list[str]) -> int:
        parts = urlsplit(part[0])
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        size = 0
        for url in part:
            connection.request("GET", urlsplit(url).path, headers={"Accept-Encoding": "gzip"})
            size += len(gzip.decompress(connection.getresponse().read()))
        connection.close()
        return size

    with ThreadPoolExecutor(connections) as pool:
        return sum(pool.map(some, [urls[i::connections] for i in range(connections)]))


def _disturbed(data: Path, args: argparse.Namespace, reference: pa.Table) -> dict[str, Figure]:
    """A run in processes of its own, killed and served faultily, held against the quiet one."""
    rng = random.Random(args.seed)
    # Each kill falls when so many pages have been served.
    moments = sorted(rng.sample(range(1, args.cities), args.kills))
    again = 0
    with stand_in(args.cities, args.fault_share, args.seed) as url:
        command = [sys.executable, "-m", "kn_assets.bench.scrape", url, str(data)]
        command += [str(args.rate), str(args.concurrency)]
        stored: list[tuple[set[str], dict[str, int]]] = []
        for moment in [*moments, None]:
            process = subprocess.Popen(command)
            while moment is not None and int(_asked(url + "/_count")) < moment:
                if process.poll() is not None:
                    raise KnError("the disturbed run ended before its kill: see above")
                time.sleep(0.05)
            if moment is not None:
                process.kill()
            if process.wait() and moment is None:
                raise KnError("the disturbed run failed: see its message above")
            if moment is not None:
                stored.append((_stored(data), _stats(url)["served"]))
        stats = _stats(url)
    for paths, before in stored:
        again += sum(stats["served"].get(p, 0) > before.get(p, 0) for p in paths)
    pages = _prompts(data)
    return {
        "kills": len(stored),
        "stored when killed": max((len(paths) for paths, _ in stored), default=0),
        "stored pages fetched again": again,
        "prompts equal": int(pages.equals(reference)),
        "faults served": sum(stats["faults"].values()),
        "most requests in a second": stats["busiest_second"],
        "same after a first 429": stats["busiest_second_after_429"],
    }


def _stored(data: Path) -> set[str]:
    """Paths of the pages which a killed run has on disk."""
    from kn_assets.corpora.wikipedia.http import journal

    place = lake.Lake(data)
    kept = list(journal.rows(place.work(_CORPUS, "pages")))
    if place.meta(_CORPUS, "pages"):
        kept += place.read(_CORPUS, "pages", ["url", "html"]).to_pylist()
    return {unquote(urlsplit(r["url"]).path) for r in kept if r["html"] is not None}


def _stats(url: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_asked(url + "/_stats"))
    return found


def _asked(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:
        body: bytes = answer.read()
    return body


if __name__ == "__main__":
    _scrape(
        sys.argv[1],
        Path(sys.argv[2]),
        argparse.Namespace(rate=float(sys.argv[3]), concurrency=int(sys.argv[4]), kills=1),
    )
