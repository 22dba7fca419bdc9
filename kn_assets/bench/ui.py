"""`kn bench ui`: how long a person waits for the app, in headless Chromium.

The app runs in a process of its own on the largest atlas of the lake. Times are taken in the page,
from the click to the frame that shows its effect. The baseline is an empty question to the same
server, asked in turn with the clicks on neurons.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kn_assets.bench.result import Figure, Result
from kn_assets.errors import KnError
from kn_assets.lake import Lake

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SERVER = (
    "import sys; from kn_assets.lake import Lake; from ui.serve import serve; "
    "serve(Lake(sys.argv[1]), port=int(sys.argv[2]), quiet=True).block_thread()"
)
# From an act to the frame after the app told that it is done.
CLOCK = """
window.bench = {
  frame: () => new Promise(done => requestAnimationFrame(() => setTimeout(done))),
  waiting: {},
  after(event) {
    if (!(event in this.waiting)) kn.on(event, () => this.waiting[event]?.());
    return new Promise(done => { this.waiting[event] = done; });
  },
  async time(event, act) {
    const started = performance.now();
    const told = event && this.after(event);
    act();
    await told;
    await this.frame();
    return performance.now() - started;
  },
};
"""
PROMPT = "prompt => bench.time('prompt', () => kn.go({prompt}))"
NEURON = "([layer, neuron]) => bench.time('neuron', () => kn.go({layer, neuron}))"
EMPTY = """
() => {
  const started = performance.now();
  return kn.ask('atlases', {}).then(() => performance.now() - started);
}
"""
SLIDER = """
token => bench.time(null, () => {
  const slider = document.querySelector('.kn-slider input');
  slider.value = token;
  slider.dispatchEvent(new Event('input'));
})
"""
MAP = """
async () => {
  const started = performance.now();
  document.querySelector('#kn-tabs button[role=tab][data-tab-id=map]').click();
  while (document.documentElement.dataset.knMap !== 'neurons') await bench.frame();
  await bench.frame();
  return performance.now() - started;
}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repeats", type=int, default=60, help="clicks of each kind")
    parser.add_argument(
        "--loads", type=int, default=5, help="times the page and the map are opened"
    )
    parser.add_argument("--people", type=int, default=20, help="who click through it at once")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long they do")
    parser.add_argument("--lake", type=Path, help="lake to use (default: $KN_DATA, or data)")


def run(args: argparse.Namespace) -> Result:
    """Time the app on the largest atlas.

    Raises KnError where there is no atlas, no Chromium, or no playwright.
    """
    lake = Lake(args.lake)
    atlas = _largest(lake)
    rng = random.Random(0)
    with _app(lake) as url, _browser() as browser:
        ready, maps = _loads(browser, url, atlas, args.loads)
        times = _clicks(browser, url, atlas, args.repeats, rng)
        crowd, errors = _crowd(url, atlas, args.people, args.seconds)
    figures: dict[str, Figure] = {
        "ready": _percentiles(ready),
        **{name: _percentiles(values) for name, values in times.items()},
        "map": _percentiles(maps),
        f"prompt, {args.people} at once": _percentiles(crowd["prompt"]),
        f"neuron, {args.people} at once": _percentiles(crowd["neuron"]),
        "errors": errors,
    }
    return Result(
        name="ui",
        ratio=statistics.median(times["neuron"]) / statistics.median(times["empty question"]),
        baseline="p50 of an empty question to the same server (for a click on a neuron)",
        figures=figures,
        settings={
            "model": atlas["model"],
            "prompts": atlas["n_prompts"],
            "layers": atlas["n_layers"],
            "neurons": atlas["n_neurons"],
            "repeats": args.repeats,
            "loads": args.loads,
            "people": args.people,
            "seconds": args.seconds,
        },
    )


def _largest(lake: Lake) -> dict[str, Any]:
    from kn_assets.database import Database
    from ui.views import atlases

    database = Database(lake)
    found: list[dict[str, Any]] = atlases(database)["atlases"]
    database.close()
    if not found:
        raise KnError(f"there is no atlas in {lake.root}: `kn demo` makes one")
    return max(found, key=lambda a: (a["n_prompts"] * a["n_layers"] * a["n_neurons"], a["model"]))


@contextmanager
def _app(lake: Lake) -> Iterator[str]:
    """The app in a process of its own; gives its address once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(lake.root), str(port)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise KnError("the app did not start: `kn ui` says why")
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _browser() -> Iterator[Any]:
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not Path(path).exists():
        raise KnError(f"there is no Chromium at {path}: install it, or set CHROMIUM to its path")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as e:
        raise KnError("this benchmark needs playwright: pip install -e '.[test]'") from e
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def _page(browser: Any, url: str, atlas: dict[str, Any]) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{url}?model={atlas['model']}")
    page.wait_for_function("document.documentElement.dataset.knState === 'ready'")
    page.evaluate(CLOCK)
    yield page
    page.close()


def _loads(
    browser: Any, url: str, atlas: dict[str, Any], times: int
) -> tuple[list[float], list[float]]:
    ready, maps = [], []
    for _ in range(times):
        with _page(browser, url, atlas) as page:
            ready.append(page.evaluate("performance.getEntriesByName('kn-ready')[0].startTime"))
            maps.append(page.evaluate(MAP))
    return ready, maps


def _clicks(
    browser: Any, url: str, atlas: dict[str, Any], repeats: int, rng: random.Random
) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {
        "prompt": [],
        "neuron": [],
        "slider": [],
        "empty question": [],
    }
    with _page(browser, url, atlas) as page:
        held = page.evaluate(
            "async model => (await kn.ask('search', {model, text: '', offset: 0, limit: 500}))"
            ".rows.map(row => row.prompt_id)",
            atlas["model"],
        )
        shown = page.evaluate("kn.state.prompt")
        for prompt in rng.sample([p for p in held if p != shown], min(repeats, len(held) - 1)):
            times["prompt"].append(page.evaluate(PROMPT, prompt))
            page.wait_for_function("!document.querySelector('.kn-waiting')")
            last = page.evaluate("kn.prompt.tokens.length - 1")
            for _ in range(3):
                times["slider"].append(page.evaluate(SLIDER, rng.randint(0, last)))
            neuron = [rng.randrange(atlas["n_layers"]), rng.randrange(atlas["n_neurons"])]
            times["neuron"].append(page.evaluate(NEURON, neuron))
            times["empty question"].append(page.evaluate(EMPTY))
    return times


def _crowd(
    url: str, atlas: dict[str, Any], people: int, seconds: float
) -> tuple[dict[str, list[float]], int]:
    """Questions of many at once, each looking at an answer for about two seconds."""
    import httpx

    config = httpx.get(f"{url}config", timeout=30).json()
    bar = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "kn-bar")
    times: dict[str, list[float]] = {"prompt": [], "neuron": []}
    errors: list[str] = []
    end = time.monotonic() + seconds

    def person(number: int) -> None:
        rng = random.Random(number)
        with httpx.Client(base_url=url, timeout=60) as client:

            def ask(name: str, arguments: dict[str, object]) -> dict[str, Any]:
                body = {
                    "data": {"model": atlas["model"], **arguments},
                    "component_id": bar,
                    "fn_name": name,
                    "session_hash": f"bench{number}",
                }
                started = time.perf_counter()
                answer = client.post("gradio_api/component_server/", json=body)
                if name in times:
                    times[name].append(1000 * (time.perf_counter() - started))
                found: dict[str, Any] = json.loads(answer.raise_for_status().json())
                if "error" in found:
                    raise KnError(found["error"])
                return found

            try:
                rows = ask("search", {"text": "", "offset": 0, "limit": 500})["rows"]
                while time.monotonic() < end:
                    prompt = rng.choice(rows)["prompt_id"]
                    ask("prompt", {"prompt": prompt})
                    time.sleep(rng.uniform(1, 3))
                    layer, neuron = (
                        rng.randrange(atlas[name]) for name in ("n_layers", "n_neurons")
                    )
                    ask("neuron", {"prompt": prompt, "layer": layer, "neuron": neuron})
                    time.sleep(rng.uniform(1, 3))
            except (httpx.HTTPError, KnError) as e:
                errors.append(str(e))

    threads = [threading.Thread(target=person, args=(n,)) for n in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, len(errors)


def _percentiles(milliseconds: list[float]) -> dict[str, float]:
    ordered = sorted(milliseconds)
    return {
        "p50_ms": statistics.median(ordered),
        "p95_ms": ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))],
    }
