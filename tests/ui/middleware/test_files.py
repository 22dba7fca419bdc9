"""Files of the page from memory: the same bytes, asked of the app once."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from ui.middleware import files
from ui.middleware.files import Files

Answer = Callable[[Request], Response]


class Inner:
    """An app that counts what it is asked."""

    def __init__(self, answer: Answer) -> None:
        self.asked = 0
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        await self._answer(Request(scope, receive))(scope, receive, send)


def client(answer: Answer) -> tuple[Inner, TestClient]:
    inner = Inner(answer)
    return inner, TestClient(Files(inner))


def by_path(request: Request) -> Response:
    return PlainTextResponse(f"{request.url.path} " * 100, headers={"x-own": "1", "etag": "1"})


@pytest.mark.parametrize("encoding, packed", [("gzip, deflate, br", "gzip"), ("identity", None)])
def test_a_file_is_asked_for_once_and_packed_once(
    encoding: str, packed: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = Mock(wraps=gzip.compress)
    monkeypatch.setattr("gzip.compress", pack)
    inner, page = client(by_path)
    answers = [page.get("/assets/a.js", headers={"Accept-Encoding": encoding}) for _ in range(4)]
    assert {answer.text for answer in answers} == {"/assets/a.js " * 100}
    assert {answer.headers["cache-control"] for answer in answers} == {"public, max-age=86400"}
    assert {answer.headers["x-own"] for answer in answers} == {"1"}
    assert [answer.headers.get("content-encoding") for answer in answers[1:]] == [packed] * 3
    assert inner.asked == 1
    assert pack.call_count == (packed is not None)


def test_files_are_told_apart_by_path_and_by_who_can_unpack_them() -> None:
    inner, page = client(by_path)
    for path in ("/kn-page/0a/b.js", "/kn-page/0a/c.js", "/assets/font.woff2"):
        for encoding in ("gzip", "identity"):
            for _ in range(2):
                found = page.get(path, headers={"Accept-Encoding": encoding})
                assert found.text == f"{path} " * 100
    assert inner.asked == 6
    assert "content-encoding" not in page.get("/assets/font.woff2").headers


def test_an_answer_in_pieces_is_whole_again() -> None:
    async def pieces() -> Any:
        for piece in ("a", "b" * 1000, "c"):
            yield piece
            await asyncio.sleep(0)

    inner, page = client(lambda _: StreamingResponse(pieces()))
    assert page.get("/assets/a.js").text == page.get("/assets/a.js").text == f"a{'b' * 1000}c"
    assert inner.asked == 1


@pytest.mark.parametrize(
    "path, headers",
    [
        ("/", {}),
        ("/config", {}),
        ("/theme.css", {}),
        ("/assets", {}),
        ("/gradio_api/app_id", {}),
        ("/assets/a.js", {"Range": "bytes=0-1"}),
        ("/assets/a.js", {"If-None-Match": '"x"'}),
    ],
)
def test_anything_else_is_the_apps_own_answer(path: str, headers: dict[str, str]) -> None:
    inner, page = client(by_path)
    for _ in range(2):
        assert "cache-control" not in page.get(path, headers=headers).headers
    assert inner.asked == 2
    page.post(path)
    assert inner.asked == 3


def test_errors_and_what_is_one_visitors_own_are_not_kept() -> None:
    for answer in (
        lambda _: PlainTextResponse("no", status_code=404),
        lambda _: PlainTextResponse("mine", headers={"set-cookie": "a=b"}),
    ):
        inner, page = client(answer)
        for _ in range(2):
            assert "cache-control" not in page.get("/assets/a.js").headers
        assert inner.asked == 2


def test_memory_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_LARGEST", 100)
    monkeypatch.setattr(files, "_MOST", 250)
    inner, page = client(lambda r: PlainTextResponse("x" * int(r.url.path.rsplit("/")[-1])))
    for size in (101, 100, 99, 98):  # too large; kept; kept; no room
        for _ in range(2):
            assert len(page.get(f"/assets/{size}").text) == size
    assert inner.asked == 6
