"""What the browser tests look for: rows of the database, and where the page shows them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from kn_assets.database.database import Database
from kn_assets.lake import Lake
from ui.api import Api

# What the pointer is told over each token.
TITLES = """
tokens => tokens.map(token => {
  token.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
  return token.title;
})
"""

# The worst contrast of visible text with what lies behind it (WCAG 2), and that text.
CONTRAST = """
() => {
  const parse = color => {
    const n = color.match(/[\\d.]+/g).map(Number);
    return [n[0], n[1], n[2], n[3] ?? 1];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((v, i) => v * a + below[i] * (1 - a));
  const behind = node => {
    const layers = [];
    for (let e = node; e; e = e.parentElement) layers.unshift(getComputedStyle(e).backgroundColor);
    return layers.reduce((below, color) => over(parse(color), below), [255, 255, 255]);
  };
  const linear = v => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = c => c.map(v => linear(v / 255)).reduce(
    (sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  let worst = [99, ''];
  for (const node of document.querySelectorAll('[data-kn] *, #kn-tabs [role=tab]')) {
    const own = [...node.childNodes].some(c => c.nodeType === 3 && c.textContent.trim());
    if (!own || !node.checkVisibility()) continue;
    const ground = behind(node);
    const [a, b] = [light(over(parse(getComputedStyle(node).color), ground)), light(ground)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, `${node.className}: ${node.textContent}`];
  }
  return worst;
}
"""


def opened(lake: Lake) -> Iterator[Database]:
    """For a fixture: the lake's database, closed at the end."""
    database = Database(lake)
    yield database
    database.close()


def rows(database: Database, sql: str, *arguments: object) -> list[tuple[Any, ...]]:
    return database.cursor().execute(sql, arguments).fetchall()


def busy(database: Database, prompt: int) -> tuple[int, int]:
    """A neuron that fires at several tokens of a prompt."""
    return rows(
        database,
        "SELECT layer, neuron FROM heatmap('tiny', $1) WHERE position BETWEEN 1 AND 8 "
        "GROUP BY ALL ORDER BY count(*) DESC, 1, 2 LIMIT 1",
        prompt,
    )[0]


def lonely(database: Database) -> tuple[int, int]:
    """The neuron whose nearest neighbour on the map is farthest away."""
    return rows(
        database,
        "WITH p AS (FROM neuron_points('tiny')) SELECT a.layer, a.neuron FROM p a, p b "
        "WHERE (a.layer, a.neuron) <> (b.layer, b.neuron) AND isfinite(a.x) AND isfinite(b.x) "
        "GROUP BY ALL ORDER BY min((a.x - b.x)**2 + (a.y - b.y)**2) DESC LIMIT 1",
    )[0]


def title(screen: Any, name: str) -> str:
    return screen.page.locator(f"[data-kn={name}]:visible h2").first.inner_text()


def cell_place(screen: Any, layer: int, index: int) -> dict[str, float]:
    """Where the heatmap draws the cell `index` of a layer."""
    row, line, cell, width = screen.page.locator("canvas.kn-cells").evaluate(
        "c => [...['row', 'line', 'cell'].map(name => Number(c.dataset[name])), c.clientWidth]"
    )
    above = screen.page.evaluate("kn.prompt.nLayers") - 1 - layer
    down, right = divmod(index, int((width - 2) // cell))
    return {"x": 1 + (right + 0.5) * cell, "y": above * row + (down + 0.5) * line}


def show_product(screen: Any) -> None:
    """Show attention times activations, in place of what the neuron reads."""
    screen.page.get_by_role("button", name="attention × activations").click()


def click_cell(screen: Any, layer: int, index: int) -> None:
    screen.page.locator("canvas.kn-cells").click(position=cell_place(screen, layer, index))


def place_of(screen: Any, database: Database, layer: int, neuron: int) -> dict[str, float]:
    """Where the map, showing all, draws a neuron."""
    low_x, high_x, low_y, high_y = rows(
        database, "SELECT min(x), max(x), min(y), max(y) FROM neuron_points('tiny')"
    )[0]
    x, y = rows(
        database,
        "SELECT x, y FROM neuron_points('tiny') WHERE layer = $1 AND neuron = $2",
        layer,
        neuron,
    )[0]
    box = screen.page.locator(".kn-stage").bounding_box()
    scale = min(box["width"] / (high_x - low_x), box["height"] / (high_y - low_y)) / 1.04
    return {
        "x": box["width"] / 2 + (x - (low_x + high_x) / 2) * scale,
        "y": box["height"] / 2 - (y - (low_y + high_y) / 2) * scale,
    }


def finished(api: Api, name: str, person: str = "me", **arguments: object) -> dict[str, Any]:
    """The state of a job once it is over."""
    ticket, state = api.start(name, arguments, person)
    return json.loads(state) if ticket is None else over(api, ticket)


def over(api: Api, ticket: str) -> dict[str, Any]:
    """The state of a job that was started, once it is over."""
    for _ in range(6000):
        state: dict[str, Any] = json.loads(api.look(ticket))
        if state["state"] not in ("waiting", "running"):
            return state
        threading.Event().wait(0.02)
    raise AssertionError("the job is still under way")


@contextmanager
def apps() -> Iterator[Callable[..., str]]:
    """A function that starts an app on a lake and gives its address. All are stopped at the end:
    an app takes processor time while it waits.
    """
    from ui.serve import launch_for_tests

    with ExitStack() as started:

        def start(lake: Lake, **options: Any) -> str:
            url, close = launch_for_tests(lake, **options)
            started.callback(close)
            return url

        yield start
