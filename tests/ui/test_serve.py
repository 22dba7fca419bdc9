"""Who may reach the app, and what it says where it can't start."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from ui import serve as serving
from ui.access import credentials, is_own
from ui.api import Api
from ui.middleware import Hosts
from ui.runs.limits import LIVE_SHARED
from ui.runs.sql import SHARED


def test_a_taken_port_is_named(lake: Lake) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(KnError, match=rf"port {port} .*--port"):
            serving.serve(lake, port=port, quiet=True)


@pytest.mark.parametrize(("limits", "then"), [((48, 4096), 4096), ((48, 300), 300)])
def test_a_low_limit_on_open_files_is_raised(limits: tuple[int, int], then: int) -> None:
    done = _with_files(limits, "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])")
    assert done.stdout.strip() == str(then), done.stderr


def test_too_few_open_files_are_said() -> None:
    done = _with_files((48, 48), "")
    assert (
        done.stderr.strip()
        .splitlines()[-1]
        .endswith(
            "48 files may be open at once here, and the app needs 128: allow more, as by "
            "`ulimit -n 1024`"
        )
    )


def _with_files(limits: tuple[int, int], then: str) -> subprocess.CompletedProcess[str]:
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, {limits})\n"
        f"from ui.middleware.connections import open_files; open_files(); {then}"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_share_link_wants_a_password(lake: Lake) -> None:
    with pytest.raises(KnError, match="USER:PASS in KN_AUTH or --auth @FILE, or --public"):
        serving.serve(lake, share=True)


def test_an_address_of_a_network_wants_a_password(lake: Lake) -> None:
    with pytest.raises(KnError, match=r"whoever reaches 0\.0\.0\.0 could use the app: give USER"):
        serving.serve(lake, host="0.0.0.0")


def test_a_password_comes_from_the_environment_or_a_file(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert credentials(None) is None
    monkeypatch.setenv("KN_AUTH", "reader:se:cret")
    assert credentials(None) == ("reader", "se:cret")
    assert credentials("other:x") == ("other", "x")
    (tmp_path / "auth").write_text("writer:pass word\n")
    assert credentials(f"@{tmp_path / 'auth'}") == ("writer", "pass word")
    with pytest.raises(KnError, match="can't read the password's file"):
        credentials(f"@{tmp_path / 'none'}")
    assert not is_own("127.0.0.1", False, None)
    monkeypatch.setenv("KN_AUTH", "reader")
    with pytest.raises(KnError, match="USER:PASS"):
        serving.serve(lake)


@pytest.mark.parametrize("auth", ["reader", "reader:", ":secret", "", " : ", " :x"])
def test_a_malformed_password_is_refused(lake: Lake, auth: str) -> None:
    with pytest.raises(KnError, match="USER:PASS"):
        serving.serve(lake, auth=auth)


def test_without_a_tunnel_it_goes_on_locally(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:

    class Blocks:
        _queue = SimpleNamespace()
        server = SimpleNamespace(config=SimpleNamespace(http_protocol_class=object))

        def queue(self, **options: Any) -> None:
            self.options = options

        def launch(self, **options: Any) -> tuple[None, str, None]:
            print("Could not create share link. Missing file: frpc")
            self.options |= options
            return None, "http://127.0.0.1:1/", None

    blocks, served = Blocks(), list[Api]()

    def build(api: Api) -> Blocks:
        served.append(api)
        return blocks

    monkeypatch.setattr("ui.app.build", build)
    monkeypatch.setattr("ui.runs.sql.Sandbox", lambda *_, **__: None)
    serving.serve(lake, port=0, share=True, auth="reader:secret")
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("No public link could be had")
    assert said[1] == "Knowledge neurons explorer at http://127.0.0.1:1/"
    assert len(said) == 2
    assert blocks.options["auth"] == ("reader", "secret")
    assert blocks.options["api_open"] is False
    assert (served[0].context.sql.limits, served[0].context.live.limits) == (SHARED, LIVE_SHARED)


def test_a_waiting_app_rarely_looks_for_work(api: Api) -> None:
    blocks, _, _ = serving._launch(api, Hosts(), server_name="127.0.0.1")
    try:
        assert blocks._queue.sleep_when_free >= 0.05
    finally:
        blocks.close(verbose=False)


def test_a_password_guards_every_way_in(serve: Callable[..., str], lake: Lake) -> None:
    url = serve(lake, auth=("reader", "secret"))
    ask = {"data": {}, "component_id": 1, "fn_name": "atlases", "session_hash": "x"}
    with httpx.Client(base_url=url) as client:
        assert client.get("config").status_code == 401
        assert client.post("gradio_api/component_server/", json=ask).status_code == 401
        assert client.get("openapi.json").status_code == 404
        assert b"Tokyo" not in client.get("").content


def test_the_queue_has_no_way_round(url: str, lake: Lake) -> None:
    with httpx.Client(base_url=url) as client:
        config = client.get("config").json()
        events = {event for d in config["dependencies"] for _, event in d["targets"]}
        assert "run" not in events  # jobs have a queue of their own
        body = {"data": [], "fn_index": 0, "session_hash": "x", "event_data": {"sql": "SELECT 1"}}
        for way in ("run/predict", "api/predict", "call/predict", "call/v2/predict"):
            assert client.post(f"gradio_api/{way}", json=body).status_code == 404
        path = next(lake.root.glob("corpus/*/cities/*.parquet"))
        assert client.get(f"gradio_api/file={path}").status_code == 404
        bar = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "kn-bar")
        ask = {"data": {}, "component_id": bar, "fn_name": "atlases", "session_hash": "x"}
        answer = json.loads(client.post("gradio_api/component_server/", json=ask).json())
        assert [a["model"] for a in answer["atlases"]] == ["other@step10", "tiny"]
        ask["fn_name"] = "ask"
        assert client.post("gradio_api/component_server/", json=ask).status_code == 404
