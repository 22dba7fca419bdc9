"""A stand-in for Wikipedia: a real HTTP server on loopback which misbehaves on command and counts.

In a test:

    with StandIn(World(50)) as site:
        site.faults["/wiki/Kabul"] = ["429", "reset"]      # its next two requests
        ... Settings(base_url=site.url, ...) ...
        site.requests                                      # what came, and when

As a program it prints its address and serves until its standard input is closed:

    python tests/wikipedia/standin.py --cities 4400 --fault-share 0.2
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import random
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

sys.path.insert(0, str(Path(__file__).parent))
from world import World

PASSING = ("429", "429-after", "503-lag", "500", "truncated", "cut", "reset", "charset", "slow")
"""Faults that are gone when the request is tried again, or that a client should see through."""


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
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("H", (_Handler,), {"site": self}))
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


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    site: StandIn

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer("")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("content-length") or 0)).decode())

    def _answer(self, form: str) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        if path == "/_stats":
            self._send(200, json.dumps(self._stats()), "application/json")
            return
        if path == "/_count":
            articles = [p for p in self.site.served() if p.startswith("/wiki/")]
            self._send(200, str(len(articles)), "text/plain")
            return
        if path == "/_edit":
            name = unquote(parts.query)
            self.site.world.edited[name] = self.site.world.edited.get(name, 0) + 1
            self._send(200, "edited", "text/plain")
            return
        fault = self.site.note(path, self.command, {k.lower(): v for k, v in self.headers.items()})
        held = self.site.held.get(path)
        while held and not held() and not self.site.closed.wait(0.01):
            pass
        if path == "/robots.txt":
            self._send(200, self.site.robots, "text/plain")
        elif path == "/w/api.php":
            asked = {k: v[0] for k, v in parse_qs(form or parts.query).items()}
            self._faulty(fault, json.dumps(self.site.query(asked)), "application/json")
        else:
            html = self.site.page(path.removeprefix("/wiki/").replace("_", " "))
            if html is None and fault is None:
                self._send(404, '<html><body><div class="noarticletext">No.</div></body></html>')
            else:
                self._faulty(fault, html or "", "text/html; charset=UTF-8")

    def _stats(self) -> dict[str, Any]:
        site = self.site
        first_429 = next((r.at for r in site.requests if (r.fault or "").startswith("429")), None)
        return {
            "requests": len(site.requests),
            "faults": Counter(r.fault for r in site.requests if r.fault),
            "served": site.served(),
            "busiest_second": site.busiest_second(),
            "busiest_second_after_429": site.busiest_second(first_429) if first_429 else 0,
        }

    def _send(
        self, status: int, text: str, kind: str = "text/html; charset=UTF-8", **more: str
    ) -> None:
        body = text.encode()
        if "gzip" in self.headers.get("accept-encoding", ""):
            body = gzip.compress(body, 1)
            more["Content-Encoding"] = "gzip"
        self._start(status, kind, len(body), **more)
        self.wfile.write(body)

    def _start(self, status: int, kind: str, length: int | None, **more: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _faulty(self, fault: str | None, text: str, kind: str) -> None:  # noqa: PLR0912, PLR0915
        body = text.encode()
        match fault:
            case None:
                self._send(200, text, kind)
            case "429":
                self._send(429, "Too many requests")
            case "429-after":
                self._send(429, "Too many requests", Retry_After=self.site.retry_after)
            case "429-date":
                self._send(429, "Too many", Retry_After=formatdate(time.time() + 2, usegmt=True))
            case "503-lag":
                lag = {
                    "code": "maxlag",
                    "info": "Waiting for db: 6 seconds lagged.",
                    "lag": 6,
                    "type": "db",
                }
                status = 200 if "json" in kind else 503
                self._send(
                    status, json.dumps({"error": lag}), kind, Retry_After="1", X_Database_Lag="6"
                )
            case "503":
                self._send(503, "Unavailable")
            case "500":
                self._send(500, "<html>Our servers are under maintenance</html>")
            case "403":
                self._send(403, "Forbidden")
            case "404":
                self._send(404, "Not found")
            case "cut":
                self._send(200, text[: len(text) // 2], kind)
            case "truncated":
                self._start(200, kind, len(body))
                self.wfile.write(body[: len(body) // 2])
                self.close_connection = True
            case "reset":
                self.connection.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
                self.close_connection = True
                self.connection.close()
            case "charset":
                self._send(200, text, kind.split(";", 1)[0] + "; charset=ISO-8859-1")
            case "latin-1":
                data = text.replace('charset="UTF-8"', 'charset="ISO-8859-1"').encode(
                    "latin-1", "replace"
                )
                self._start(200, "text/html; charset=ISO-8859-1", len(data))
                self.wfile.write(data)
            case "slow":
                self._start(200, kind, len(body))
                self.wfile.write(body[:100])
                self.site.closed.wait(self.site.slow_s)
                self.wfile.write(body[100:])
            case "drip":
                self._start(200, kind, len(body))
                for at in range(0, len(body), 10):
                    self.wfile.write(body[at : at + 10])
                    self.site.closed.wait(0.05)
            case moved if moved.startswith("to:"):
                self._start(301, kind, 0, Location=moved.removeprefix("to:"))
            case "loop":
                self._start(302, kind, 0, Location=self.path)
            case "away":
                self._start(302, kind, 0, Location="http://portal.example.net/login")
            case "pdf":
                self._send(200, "%PDF-1.4", "application/pdf")
            case "huge":
                self._start(200, kind, None, Connection="close")
                for _ in range(50):
                    self.wfile.write(b"<p>x</p>" * 125_000)
                self.close_connection = True
            case "bad-gzip":
                self._start(200, kind, 9, Content_Encoding="gzip")
                self.wfile.write(b"not gzip!")

    def handle(self) -> None:
        # The client may hang up, and a fault may close the connection under the handler.
        with contextlib.suppress(OSError, ValueError):
            super().handle()


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
