"""Addresses that nobody means, of the page and of all that it fetches: no error of the server."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.ui.awkward.conftest import Client
from tests.ui.awkward.values import VALUES
from ui.app import TABS

NAMES = (
    *("tab", "model", "prompt", "token", "layer", "neuron", "fact", "query.z", "__theme", "view"),
    *("deep_link", "logs", "username", "share", *(text for tab in TABS for text in tab.texts)),
)
PATHS = (
    *("assets/", "static/", "svelte/", "kn-page/", "pwa_icon/", "theme.css/", "config/"),
    *("gradio_api/theme.css/", "gradio_api/app_id/", "login_check/", ""),
)
HEADERS = ("accept", "accept-encoding", "accept-language", "cookie", "referer", "user-agent")


def _words() -> list[str]:
    """Texts that can stand in an address, none of them longer than servers take."""
    told = [json.loads(value) for value in VALUES.values() if value.startswith('"')]
    texts = [text for text in told if len(text) < 2_000]
    return [*texts, "x" * 20_000, "%", "%00", "%ff", "..%2f..%2fetc%2fpasswd", "//", "a/../../b"]


WORDS = _words()


def _get(client: Client, path: str, **headers: str) -> None:
    answer = client.http.get(path, headers=headers)
    with client.naming("GET", path):
        assert answer.status_code < 500, answer.text[:200]
        client.look_through(answer.text)


def test_the_pages_parameters(client: Client) -> None:
    """All at once with each text, and each with one."""
    for text in WORDS:
        told = quote(text[:200], errors="surrogatepass")
        _get(client, "?" + "&".join(f"{name}={told}" for name in NAMES))
    for name in NAMES:
        _get(client, f"?{name}=%00%ff../<b>'&{name}&={name}")


@pytest.mark.parametrize("path", PATHS)
def test_paths(client: Client, path: str) -> None:
    for text in [t for t in WORDS if path or t not in ("", ".")]:  # those are the page itself
        _get(client, path + quote(text, safe="/%.", errors="surrogatepass"))


@pytest.mark.parametrize("name", HEADERS)
def test_headers(client: Client, name: str) -> None:
    for text in [t for t in WORDS if t.isascii() and t.isprintable() and t == t.strip()]:
        _get(client, "config", **{name: text})


def test_logins_of_all_kinds(client: Client) -> None:
    """Few of them: each wrong one is answered later than the last."""
    for body in (b"", b"%ff=%ff&&&=", b"\x00" * 99):
        answer = client.http.post(
            "login", content=body, headers={"content-type": "application/x-www-form-urlencoded"}
        )
        assert answer.status_code < 500
        client.look_through(answer.text)
    for kind in ("application/json", "multipart/form-data"):
        answer = client.http.post("login", content=b"{}", headers={"content-type": kind})
        assert answer.status_code < 500
