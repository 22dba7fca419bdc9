"""What is let through to the app, and what is refused before it: over HTTP, to a real app."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from kn_assets.lake import Lake
from ui.middleware import bodies
from ui.middleware.headers import policy
from ui.middleware.origins import Hosts
from ui.middleware.routes import is_open


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture
def question(client: httpx.Client) -> dict[str, Any]:
    config = client.get("config").json()
    bar = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "kn-bar")
    return {"component_id": bar, "fn_name": "atlases", "data": {}, "session_hash": "x"}


ASK = "gradio_api/component_server"

CLOSED = [
    ("POST", "gradio_api/upload"),
    ("GET", "gradio_api/upload_progress?upload_id=x"),
    ("POST", "gradio_api/process_recording"),
    ("GET", "gradio_api/deep_link"),
    ("GET", "monitoring"),
    ("GET", "monitoring/summary"),
    ("POST", "gradio_api/queue/join"),
    ("GET", "gradio_api/queue/data?session_hash=x"),
    ("GET", "gradio_api/queue/status"),
    ("GET", "gradio_api/heartbeat/x"),
    ("POST", "gradio_api/run/predict"),
    ("POST", "gradio_api/api/predict"),
    ("POST", "gradio_api/call/predict"),
    ("POST", "gradio_api/call/v2/predict"),
    ("POST", "gradio_api/cancel"),
    ("POST", "gradio_api/reset"),
    ("POST", "gradio_api/stream/x"),
    ("GET", "gradio_api/file=/etc/passwd"),
    ("GET", "gradio_api/proxy=http://127.0.0.1/"),
    ("GET", "openapi.json"),
    ("PUT", "config"),
    ("DELETE", ""),
    ("POST", "gradio_api/vibe-edit"),
    ("GET", "gradio_api/runs"),
    ("GET", "gradio_api/token"),
    ("GET", "token"),
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_what_the_page_has_no_use_for_is_closed(
    client: httpx.Client, method: str, path: str
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 404
    assert answer.json() == {"detail": "there is nothing here"}


def test_what_a_later_gradio_adds_is_closed() -> None:
    assert not is_open("GET", "/gradio_api/whatever")
    assert not is_open("OPTIONS", "/")
    assert is_open("GET", "/") and is_open("HEAD", "/")
    assert is_open("GET", "/assets/" + "a" * 120) and not is_open("GET", "/assets/" + "a" * 121)
    assert not is_open("GET", "/assets/a\0b")


def test_a_question_is_answered(client: httpx.Client, question: dict[str, Any]) -> None:
    answer = json.loads(client.post(ASK, json=question).json())
    assert [a["model"] for a in answer["atlases"]] == ["other@step10", "tiny"]


@pytest.mark.parametrize("made_up", [{"component_id": 10**6}, {"fn_name": "build"}, {"fn_name": 3}])
def test_what_a_question_makes_up_is_not_there(
    client: httpx.Client, question: dict[str, Any], made_up: dict[str, Any]
) -> None:
    answer = client.post(ASK, json=question | made_up)
    assert answer.status_code in (400, 404)


WRONG = {
    b"": "no JSON",
    b"{": "no JSON",
    b"[]": "no JSON object",
    b'"x"': "no JSON object",
    b'{"data": NaN}': "NaN is no number",
    b'{"data": -Infinity}': "-Infinity is no number",
    b'{"data": "\\ud800"}': "half a character",
    b'{"\\udfff": 1}': "half a character",
    b'{"data": 1' + b"0" * 400 + b"}": "too large",
    b'{"data": ' + b"[" * 30 + b"]" * 30 + b"}": "too deeply",
    b'{"data": ' + b"[" * 90_000 + b"]" * 90_000 + b"}": "no JSON",
    b'{"session_hash": "' + b"x" * 65 + b'"}': "name of a session",
    b'{"session_hash": 7}': "name of a session",
}


MANY = {
    "lists": b'{"data": [' + b"[]," * 250_000 + b"[]]}",
    "numbers": b'{"data": [' + b"1," * 400_000 + b"1]}",
    "texts": b'{"data": [' + b'"",' * 250_000 + b'""]}',
    "names": b'{"data": {' + b'"":0,' * 180_000 + b'"":0}}',
    "escaped": b'{"data": [' + rb'"\\",' * 150_000 + b'""]}',
}


@pytest.mark.parametrize("kind", MANY)
def test_a_million_values_are_refused_unread(kind: str) -> None:
    body = MANY[kind]
    assert len(body) <= bodies.LARGEST
    json.loads(body)
    begun = time.process_time()
    with pytest.raises(bodies.Unreadable, match="more than 20,000 values"):
        bodies.check(body)
    assert time.process_time() - begun < 0.05


def test_what_stands_in_a_text_is_no_value() -> None:
    for text in ('[1, {"a": [2]}], ' * 12_000, "\\" * 100_000, '"' * 200_000, ",\u0041" * 90_000):
        bodies.check(json.dumps({"data": {"text": text}}).encode())
    bodies.check(json.dumps({"data": [[1, 2]] * 5000}).encode())


def test_a_text_without_an_end_is_looked_at_once() -> None:
    begun = time.process_time()
    with pytest.raises(bodies.Unreadable):
        bodies.check(b'"' + b'\\"' * 500_000)
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize("body", WRONG, ids=range(len(WRONG)))
def test_a_body_that_is_no_question_is_refused(client: httpx.Client, body: bytes) -> None:
    answer = client.post(ASK, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert WRONG[body] in answer.json()["detail"]


def test_a_form_of_another_site_is_no_question(
    client: httpx.Client, question: dict[str, Any]
) -> None:
    """A page elsewhere can send these kinds without asking first."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = client.post(ASK, content=json.dumps(question), headers={"content-type": kind})
        assert answer.status_code == 415


def test_a_large_body_is_refused_before_it_is_read(client: httpx.Client, url: str) -> None:
    where = urlsplit(url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as wire:
        wire.sendall(
            f"POST /{ASK} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {99 << 20}\r\n\r\n".encode()
        )
        assert wire.recv(4096).startswith(b"HTTP/1.1 413 ")

    def endless() -> Iterator[bytes]:
        for _ in range(bodies.LARGEST // 60_000 + 2):
            yield b"x" * 60_000

    try:
        answer = client.post(ASK, content=endless(), headers={"content-type": "application/json"})
    except httpx.WriteError:  # it had hung up
        return
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["gradio_api/component_server", "gradio_api/upload"])
@pytest.mark.parametrize("size, closes", [(100 << 20, True), (2 << 20, False)])
def test_the_rest_of_a_large_body_is_not_received(
    url: str, path: str, size: int, closes: bool
) -> None:
    host, port = httpx.URL(url).host, httpx.URL(url).port
    assert port is not None
    with socket.create_connection((host, port), timeout=5) as wire:
        head = f"POST /{path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {size}\r\n\r\n"
        wire.sendall(head.encode() + b"x" * 1000)
        answer = b""
        while b"}" not in answer:
            answer += wire.recv(4096)
        assert answer.split()[1] in (b"413", b"404")
        assert (b"connection: close" in answer.lower()) == closes
        wire.settimeout(0.5)
        try:
            rest = wire.recv(4096)
        except TimeoutError:
            rest = None
        assert rest == (b"" if closes else None)


def test_a_login_is_short(serve: Callable[..., str], lake: Lake) -> None:
    url = serve(lake, auth=("reader", "secret"))
    answer = httpx.post(f"{url}login", data={"username": "x" * 5000, "password": "y"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("host", "hosts", "allowed"),
    [
        ("127.0.0.1:7860", Hosts(), True),
        ("localhost", Hosts(), True),
        ("[::1]:7860", Hosts(), True),
        ("192.168.1.7:80", Hosts(), True),
        (socket.gethostname(), Hosts(), True),
        ("evil.example", Hosts(), False),
        ("127.0.0.1.evil.example", Hosts(), False),
        ("localhost.evil.example:7860", Hosts(), False),
        ("", Hosts(), False),
        ("::::", Hosts(), False),
        ("abc.gradio.live", Hosts(), False),
        ("abc.gradio.live", Hosts(shared=True), True),
        ("kn.group.example", Hosts(["KN.group.example"]), True),
        ("evil.example", Hosts(protected=True), True),
    ],
)
def test_names_of_the_app(host: str, hosts: Hosts, allowed: bool) -> None:
    assert hosts.allow(host) is allowed


def test_a_strangers_name_is_refused(client: httpx.Client) -> None:
    answer = client.get("", headers={"host": "evil.example"})
    assert answer.status_code == 421
    assert "--allowed-host" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:1"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
    ],
)
def test_another_sites_page_is_refused(
    client: httpx.Client, headers: dict[str, str], status: int
) -> None:
    assert client.get("config", headers=headers).status_code == status


def test_a_foreign_page_can_make_nothing_work(
    client: httpx.Client, question: dict[str, Any], url: str
) -> None:
    evil = {"origin": "http://evil.example", "sec-fetch-site": "cross-site"}
    assert client.post(ASK, json=question, headers=evil).status_code == 403
    opened = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.post(ASK, json=question, headers=opened).status_code == 403, "a form"
    own = {"origin": url.rstrip("/"), "sec-fetch-site": "same-origin"}
    assert client.post(ASK, json=question, headers=own).status_code == 200
    proxied = {"origin": "https://kn.example", "x-forwarded-host": "kn.example"}
    assert client.post(ASK, json=question, headers=proxied).status_code == 200


def test_headers_of_every_answer(client: httpx.Client) -> None:
    for path in ("", "config", "gradio_api/upload"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == policy()
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


def test_cookies_stay_on_this_site(serve: Callable[..., str], lake: Lake) -> None:
    url = serve(lake, auth=("reader", "secret"))
    answer = httpx.post(f"{url}login", data={"username": "reader", "password": "secret"})
    assert answer.status_code == 200
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert "samesite=lax" in cookie.lower()
        assert "samesite=none" not in cookie.lower()
        assert "httponly" in cookie.lower()
