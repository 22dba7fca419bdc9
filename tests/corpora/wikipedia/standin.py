"""A stand-in for Wikipedia: a real HTTP server on loopback which misbehaves on command and counts.

In a test:

    with StandIn(World(50)) as site:
        site.faults["/wiki/Kabul"] = ["429", "reset"]      # its next two requests
        ... Settings(base_url=site.url, ...) ...
        site.requests                                      # what came, and when

As a program it prints its address and serves until its standard input is closed:

    python -m tests.corpora.wikipedia.standin --cities 4400 --fault-share 0.2
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from typing import Any

from tests.corpora.wikipedia.handler import PASSING, Handler
from tests.corpora.wikipedia.world import World


@dataclass(frozen=True)
class Request:
    """One request: monotonic time in seconds, path, fault (None where there was none), headers."""

    at: float
    path: str
    fault: str | None
    agent: str
    encoding: str
    method: str


class StandIn:
    """The server.

    `faults` maps a path, or `"*"` for any, to faults of its next requests; `held` maps a path to
    what must be true before it is answered.
    """

    def __init__(
        self, world: World, fault_share: float = 0.0, seed: int = 0, slow_s: float = 0.3
    ) -> None:
        self.world = world
        self.fault_share, self.slow_s = fault_share, slow_s
        self.faults: dict[str, list[str]] = {}
        self.always: dict[str, str] = {}
        self.held: dict[str, Callable[[], bool]] = {}
        self.pages: dict[str, str] = {}
        self.retry_after = "1"
        self.robots = "User-agent: *\nDisallow: /wiki/Special:\n"
        self.in_two = True
        self.requests: list[Request] = []
        self.api_titles: list[list[str]] = []
        self.closed = threading.Event()
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("H", (Handler,), {"site": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> StandIn:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()

    def served(self) -> Counter[str]:
        """How often each path was answered well."""
        with self._lock:
            return Counter(r.path for r in self.requests if r.fault in (None, "charset"))

    def busiest_second(self, since: float = 0.0) -> int:
        """The most requests within any one second after a moment."""
        with self._lock:
            times = sorted(r.at for r in self.requests if r.at >= since)
        first = 0
        most = 0
        for last, at in enumerate(times):
            while times[first] <= at - 1.0:
                first += 1
            most = max(most, last - first + 1)
        return most

    def note(self, path: str, method: str, headers: Mapping[str, str]) -> str | None:
        """Count a request and say what goes wrong with it."""
        with self._lock:
            fault = self.always.get(path)
            for key in (path, "*"):
                if fault is None and self.faults.get(key):
                    fault = self.faults[key].pop(0) or None
            if fault is None and path != "/robots.txt" and self._random.random() < self.fault_share:
                fault = self._random.choice(PASSING)
            self.requests.append(
                Request(
                    time.monotonic(),
                    path,
                    fault,
                    headers.get("user-agent", ""),
                    headers.get("accept-encoding", ""),
                    method,
                )
            )
            return fault

    def page(self, title: str) -> str | None:
        """The HTML of a title, after redirects within the site."""
        title = self.world.redirects.get(title, title)
        return self.pages.get(title) or self.world.list_page(title) or self.world.article(title)

    def query(self, asked: dict[str, str]) -> dict[str, Any]:  # noqa: PLR0912
        """The Action API's answer to a query for the revisions of titles."""
        titles = asked.get("titles", "").split("|")
        with self._lock:
            self.api_titles.append(titles)
        if len(titles) > 50:
            return {"error": {"code": "toomanyvalues", "info": "Too many values supplied."}}
        normalized, redirects, pages = [], [], {}
        for given in titles:
            title = given.replace("_", " ")
            title = title[:1].upper() + title[1:]
            if title != given:
                normalized.append({"fromencoded": False, "from": given, "to": title})
            if title in self.world.redirects and "redirects" in asked:
                redirects.append({"from": title, "to": self.world.redirects[title]})
                title = self.world.redirects[title]
            if title in self.world.place:
                pages[title] = {"ns": 0, "title": title, "lastrevid": self.world.revision(title)}
            elif self.page(title):
                pages[title] = {"ns": 0, "title": title, "lastrevid": 7}
            else:
                pages[title] = {"ns": 0, "title": title, "missing": True}
        answer: dict[str, Any] = {"query": {"pages": list(pages.values())}}
        if normalized:
            answer["query"]["normalized"] = normalized
        if redirects:
            answer["query"]["redirects"] = redirects
        if self.in_two and len(pages) > 1:
            # As the real one does where an answer grows too large: the rest is to be asked for.
            half = len(pages) // 2
            first = not asked.get("incontinue")
            for k, page in enumerate(answer["query"]["pages"]):
                if (k < half) != first:
                    page.pop("lastrevid", None)
            if first:
                answer["continue"] = {"incontinue": "half", "continue": "||"}
        return answer


def main() -> None:
    """Serve until standard input is closed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cities", type=int, default=100)
    parser.add_argument("--fault-share", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with StandIn(World(args.cities), args.fault_share, args.seed) as site:
        print(site.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
