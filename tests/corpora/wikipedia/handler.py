"""How the stand-in for Wikipedia answers one request, and the ways an answer can go wrong."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import struct
import time
from collections import Counter
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from tests.corpora.wikipedia.standin import StandIn

PASSING = ("429", "429-after", "503-lag", "500", "truncated", "cut", "reset", "charset", "slow")
"""Faults that are gone when the request is tried again, or that a client should see through."""


class Handler(BaseHTTPRequestHandler):
    """Answers for a site: well, or with the fault that is its turn."""

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
            case "packed-twice":
                data = gzip.compress(gzip.compress(b" " * 50_000_000))
                self._start(200, kind, len(data), Content_Encoding="gzip, gzip")
                self.wfile.write(data)
            case "bad-gzip":
                self._start(200, kind, 9, Content_Encoding="gzip")
                self.wfile.write(b"not gzip!")

    def handle(self) -> None:
        # The client may hang up, and a fault may close the connection under the handler.
        with contextlib.suppress(OSError, ValueError):
            super().handle()
