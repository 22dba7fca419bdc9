"""A page of another site, in a real browser whose visitor has the app open and is logged in."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kn_assets.lake import Lake

pytestmark = pytest.mark.browser

# What it tries, and what it can read of each answer.
TRIES = """
async ([app, question]) => {
  const found = {};
  const reads = async (name, path, options) => {
    try {
      const answer = await fetch(app + path, {credentials: 'include', ...options});
      found[name] = answer.type === 'opaque' ? 'sent' : await answer.text();
    } catch { found[name] = 'nothing'; }
  };
  await reads('config', 'config', {});
  await reads('page', '', {});
  const ask = 'gradio_api/component_server';
  const json = {'content-type': 'application/json'};
  await reads('json', ask, {method: 'POST', headers: json, body: question});
  await reads('blind', ask, {method: 'POST', mode: 'no-cors', body: question});
  const form = new FormData();
  form.append('files', new Blob(['x'.repeat(5000)]), 'x.bin');
  await reads('upload', 'gradio_api/upload', {method: 'POST', mode: 'no-cors', body: form});
  await reads('script', 'config', {mode: 'no-cors'});
  const frame = document.createElement('iframe');
  frame.src = app;
  document.body.append(frame);
  await new Promise(done => { frame.onload = done; setTimeout(done, 3000); });
  return found;
}
"""


@pytest.fixture(scope="module")
def other_site() -> Iterator[str]:
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<!doctype html><title>elsewhere</title>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with http.server.ThreadingHTTPServer(("localhost", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_address[1]}/"  # another site than 127.0.0.1
        server.shutdown()


@pytest.mark.parametrize("auth", [None, ("reader", "secret")])
def test_it_reads_nothing_and_makes_nothing_work(
    serve: Callable[..., str], lake: Lake, browser: Any, other_site: str, auth: Any
) -> None:
    app = serve(lake, auth=auth)
    context = browser.new_context()
    if auth:
        form = dict(zip(("username", "password"), auth, strict=True))
        context.request.post(f"{app}login", form=form)
    assert bool(context.cookies(app)) == bool(auth)
    config = context.request.get(f"{app}config").json()
    bar = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "kn-bar")
    question = {"component_id": bar, "fn_name": "atlases", "data": {}, "session_hash": "x"}
    page = context.new_page()
    answers: dict[str, set[int]] = {}
    page.on("response", lambda r: answers.setdefault(r.url, set()).add(r.status))
    page.goto(other_site)
    found = page.evaluate(TRIES, [app, json.dumps(question)])
    refused = '{"detail":"another site\'s page may not ask this app"}'
    assert set(found.values()) <= {"nothing", "sent", refused}, found
    reached = {url: seen for url, seen in answers.items() if url.startswith(app)}
    asked = f"{app}gradio_api/component_server"
    assert reached[asked] <= {200, 403}, "200 is for the browser's question whether it may"
    assert {found["json"], found["blind"]} <= {"nothing", "sent", refused}
    assert reached.get(f"{app}gradio_api/upload", {403}) <= {403, 404}
    frames = [frame for frame in page.frames if frame != page.main_frame]
    assert not [frame for frame in frames if frame.url.startswith(app)], "its policy keeps it empty"
    context.close()
