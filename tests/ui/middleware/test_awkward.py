"""Awkward addresses are answered, never by an error of the server."""

from __future__ import annotations

import random
import socket
from urllib.parse import quote, urlsplit

import httpx
import pytest

VALUES = ["", "x", "0", "-1", "%", "%00", "%ff", "%FF%FE", "..%2f..%2fetc%2fpasswd", "%F0%9F%92%A5"]
VALUES += ["a" * 3000, "[]", "%5B%5D", "null", "true", "1e999", "'", "%22", "%0d%0aX:y", "{}", "+"]
NAMES = [
    "page",
    "deep_link",
    "view",
    "__theme",
    "__lang",
    "session_hash",
    "vibe-edit",
    "model",
    "v",
]
NAMES += ["__sign", "logs", "username", "token", "request", "user", "%00", "%ff", "a" * 300, "[]"]
OPEN = [
    "",
    "config",
    "theme.css",
    "favicon.ico",
    "manifest.json",
    "robots.txt",
    "pwa_icon",
    "login",
]
OPEN += [
    "pwa_icon/192",
    "assets/index.js",
    "static/img/logo.svg",
    "svelte/svelte.js",
    "kn-page/x.js",
]
OPEN += ["login_check", "logout", "app_id", "gradio_api/login_check", "gradio_api/app_id"]
OPEN += ["gradio_api/theme.css", "gradio_api/startup-events"]
PARTS = [
    "",
    ".",
    "..",
    "...",
    "%2e%2e",
    "%2f",
    "%5c..%5c",
    "%00",
    "a%00b",
    "%ff",
    "a" * 300,
    "~",
    "*",
]
PARTS += [
    "C:",
    "CON",
    "%c0%ae",
    ";x",
    "%0a",
    "a" * 5000,
    "%F0%9F%92%A5",
    "x" * 64 + ".js",
    "1e9",
    "-1",
]


def asked(url: str, target: str, method: str = "GET") -> int:
    """The status that the app answers with to exactly this target."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as s:
        host = f"Host: {parts.netloc}\r\nConnection: close\r\n\r\n"
        s.sendall(f"{method} {target} HTTP/1.1\r\n{host}".encode("latin-1"))
        answer = b""
        while b"\r\n" not in answer and (more := s.recv(4096)):
            answer += more
    return int(answer.split()[1])


@pytest.mark.parametrize("name", NAMES)
def test_unknown_parameters_are_passed_over(url: str, name: str) -> None:
    for value in VALUES:
        assert asked(url, f"/?{name}={value}") in (200, 400), value
        assert asked(url, f"/config?{name}={value}") in (200, 400), value
    assert asked(url, f"/?{name}") == 200
    assert asked(url, f"/?{name}=1&{name}=2&&=;") == 200


@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_paths_of_every_shape(url: str, path: str, method: str) -> None:
    for part in PARTS:
        for target in (f"/{path}/{part}", f"/{part}/{path}", f"/{path}{part}", f"//{path}/{part}/"):
            assert asked(url, target, method) < 500, target
        assert asked(url, f"/{path}?{part}", method) < 500, part


def test_random_addresses(url: str) -> None:
    draw = random.Random(5)
    for _ in range(400):
        steps = draw.choices(
            [*PARTS[:-4], *OPEN, "page", "gradio_api", "file="], k=draw.randint(1, 5)
        )
        pairs = "&".join(
            f"{draw.choice(NAMES)}={draw.choice(VALUES)}" for _ in range(draw.randint(0, 4))
        )
        target = f"/{'/'.join(steps)}?{pairs}"
        assert asked(url, target) < 500, target


def test_the_page_is_the_same_whatever_it_is_asked_with(url: str) -> None:
    page = httpx.get(url).text
    assert "kn-page" in page
    for query in ("page=x", "page=", "deep_link=x", f"model={quote('a b')}&prompt=3"):
        answer = httpx.get(f"{url}?{query}")
        assert answer.status_code == 200
        assert len(answer.text) == len(page)
