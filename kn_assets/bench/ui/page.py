"""Times of one person's acts, taken in the page."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kn_assets.errors import KnError

Times = dict[str, list[float]]
"""Milliseconds by the figure's name."""

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# Waits for the page's scripts, then makes what tests reach for a global: see the module.
HOOK = """
(async () => {
  const mount = () => document.querySelector("script[type=module][src$='page/mount.js']");
  while (!mount()) await new Promise(done => setTimeout(done, 5));
  await import(new URL("../testing.js", mount().src));
})()
"""
# From an act to the frame after the app told that it is done.
CLOCK = """
window.bench = {
  frame: () => new Promise(done => requestAnimationFrame(() => setTimeout(done))),
  waiting: {},
  after(event) {
    if (!(event in this.waiting)) kn.on(event, () => this.waiting[event]?.());
    return new Promise(done => { this.waiting[event] = done; });
  },
  // Until something is so, which an event may bring about.
  async when(event, isSo, act) {
    const started = performance.now();
    act();
    while (!isSo()) await this.after(event);
    await this.frame();
    return performance.now() - started;
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
  const slider = document.querySelector('[data-kn=prompt] .kn-slider input');
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
# The middle stays where it is, the points come nearer and go again: all are drawn anew each time.
MOVES = """
async () => {
  const canvas = document.querySelector('.kn-stage canvas');
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const middle = { clientX: left + width / 2, clientY: top + height / 2 };
  const times = [];
  for (let i = 0; i < 40; i++) {
    const deltaY = i % 2 ? 60 : -60;
    const wheel = new WheelEvent('wheel', { bubbles: true, cancelable: true, deltaY, ...middle });
    times.push(await bench.time(null, () => canvas.dispatchEvent(wheel)));
  }
  return times;
}
"""


@contextmanager
def browser() -> Iterator[Any]:
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not Path(path).exists():
        raise KnError(f"there is no Chromium at {path}: install it, or set CHROMIUM to its path")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as e:
        raise KnError("this benchmark needs playwright: pip install -e '.[test]'") from e
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@contextmanager
def page(chromium: Any, url: str, atlas: dict[str, Any]) -> Iterator[Any]:
    opened = chromium.new_page(viewport={"width": 1280, "height": 800})
    opened.goto(f"{url}?model={atlas['model']}")
    opened.wait_for_function("document.documentElement.dataset.knState === 'ready'")
    opened.evaluate(HOOK)
    opened.evaluate(CLOCK)
    yield opened
    opened.close()


def loads(
    chromium: Any, url: str, atlas: dict[str, Any], times: int
) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds until the page is ready, until the map is there, and of each frame moving it."""
    ready: list[float] = []
    maps: list[float] = []
    moves: list[float] = []
    for _ in range(times):
        with page(chromium, url, atlas) as opened:
            ready.append(opened.evaluate("performance.getEntriesByName('kn-ready')[0].startTime"))
            maps.append(opened.evaluate(MAP))
            moves += opened.evaluate(MOVES)
    return ready, maps, moves


def clicks(
    chromium: Any,
    url: str,
    atlas: dict[str, Any],
    repeats: int,
    rng: random.Random,
    asked: Callable[[], None] | None = None,
) -> Times:
    """Milliseconds of each act on one page; `asked` is called whenever that asks the server."""

    def note(request: Any) -> None:
        asks = request.url.rstrip("/").endswith("component_server")
        if asked is not None and asks and '"making_look"' not in (request.post_data or ""):
            asked()

    times: Times = {
        "prompt": [],
        "neuron": [],
        "slider": [],
        "empty question": [],
    }
    with page(chromium, url, atlas) as opened:
        opened.on("request", note)
        held = opened.evaluate(
            "async model => (await kn.ask('search', {model, text: '', offset: 0, limit: 500}))"
            ".rows.map(row => row.prompt_id)",
            atlas["model"],
        )
        shown = opened.evaluate("kn.state.prompt")
        for prompt in rng.sample([p for p in held if p != shown], min(repeats, len(held) - 1)):
            times["prompt"].append(opened.evaluate(PROMPT, prompt))
            opened.wait_for_function("!document.querySelector('.kn-waiting')")
            last = opened.evaluate("kn.prompt.tokens.length - 1")
            for _ in range(3):
                times["slider"].append(opened.evaluate(SLIDER, rng.randint(0, last)))
            neuron = [rng.randrange(atlas["n_layers"]), rng.randrange(atlas["n_neurons"])]
            times["neuron"].append(opened.evaluate(NEURON, neuron))
            times["empty question"].append(opened.evaluate(EMPTY))
    return times
