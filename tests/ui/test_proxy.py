"""The app below a path of a site, behind a real nginx that is set up as the documents say."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from ui.serve import check_root, launch_for_tests

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
EXAMPLE = (Path(__file__).parents[2] / "docs" / "sharing.md").read_text(encoding="utf-8")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def proxied(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not Path(NGINX).exists():
        pytest.skip("there is no nginx: install your system's nginx-light package")
    folder = tmp_path_factory.mktemp("nginx")
    (location,) = re.findall(r"```nginx\n(.*?)```", EXAMPLE, re.DOTALL)
    app, port = free_port(), free_port()
    assert "127.0.0.1:7860/" in location
    temporary = " ".join(
        f"{kind}_temp_path {folder / kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {temporary}\n server {{ listen 127.0.0.1:{port};\n"
        + location.replace("7860", str(app))
        + "}}\n"
    )
    _, close = launch_for_tests(lake, server_port=app, root_path="/kn")
    command = [NGINX, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    nginx = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        url = f"http://127.0.0.1:{port}/kn/"
        for _ in range(100):
            try:
                httpx.get(url, timeout=5)
                break
            except httpx.ConnectError:
                assert nginx.poll() is None, (folder / "error.log").read_text()
                time.sleep(0.1)
        yield url
    finally:
        nginx.terminate()
        nginx.wait()
        close()


def test_the_page_works_below_a_path(proxied: str, screens: Any) -> None:
    screen = screens(proxied).open(model="tiny", prompt=1)
    screen.page.evaluate("void kn.go({prompt: 2})")
    screen.settled("kn.state.prompt === 2")
    assert "prompt 2" in screen.page.locator("[data-kn=prompt]").inner_text()
    screen.page.evaluate("void kn.go({tab: 'sql', query: 'SELECT 41 + 1 AS n'})")
    screen.page.get_by_role("cell", name="42").wait_for()
    assert all("/kn/" in asked for asked in screen.requests if asked.startswith("http"))


def test_another_sites_page_is_refused_there_too(proxied: str) -> None:
    assert httpx.get(f"{proxied}config").status_code == 200
    answer = httpx.get(f"{proxied}config", headers={"origin": "http://evil.example"})
    assert answer.status_code == 403
    answer = httpx.post(f"{proxied}gradio_api/upload", files={"files": ("x", b"x")})
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["kn", "/kn/", "/", "/a b", "//x", "http://x/y"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(KnError, match="is no path"):
        check_root(path)
