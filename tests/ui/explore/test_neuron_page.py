"""A neuron's whole page in a real browser: what it says is what SQL says, and where it leads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kn_assets.database import guard
from kn_assets.database.database import Database
from tests.ui.asking import busy, rows
from tests.ui.screen import Screen

pytestmark = pytest.mark.browser

PARTS = [
    "Description by rule",
    "Histogram",
    "Both halves",
    "Concepts and lift",
    "Facts it serves",
    "Nearest neurons",
    "Life over steps",
]
SHEET = "[data-kn=neuron-page]"


def page_of(screen: Screen, layer: int, neuron: int, **more: object) -> Any:
    screen.open(model="tiny", prompt=2, token=5, layer=layer, neuron=neuron, **more)
    sheet = screen.page.locator(SHEET)
    sheet.locator(".kn-part").first.wait_for()
    screen.settled()
    return sheet


def part(sheet: Any, name: str) -> Any:
    return sheet.locator(f"[data-kn-part='{name}']")


def test_it_opens_from_the_pane_has_an_address_and_closes(screen: Any, database: Database) -> None:
    layer, neuron = busy(database, 2)
    screen.open(model="tiny", prompt=2, token=5, layer=layer, neuron=neuron)
    link = screen.page.get_by_role("button", name="whole page of this neuron").locator(
        "visible=true"
    )
    link.click()
    sheet = screen.page.get_by_role("dialog", name=f"Layer {layer} · neuron {neuron}")
    sheet.locator(".kn-part").first.wait_for()
    screen.settled()
    assert sheet.locator(".kn-part").evaluate_all("all => all.map(x => x.dataset.knPart)") == PARTS
    assert screen.address("whole") == "neuron"
    assert screen.page.title() == f"Neuron page · neuron {layer}/{neuron} · tiny"
    inert = "document.querySelector('.kn-explore').closest('[inert]') !== null"
    assert screen.page.evaluate(inert)
    screen.page.keyboard.press("Escape")
    screen.until(f"document.querySelector('{SHEET}').hidden")
    assert screen.address("whole") is None
    assert not screen.page.evaluate(inert)
    assert "whole page" in screen.page.evaluate("document.activeElement.textContent")
    screen.page.go_back()
    screen.until(f"!document.querySelector('{SHEET}').hidden")
    screen.tab("Map")
    screen.until(f"document.querySelector('{SHEET}').hidden && kn.state.tab === 'map'")
    assert screen.address("whole") is None


def test_what_the_page_says_is_what_sql_says(screen: Any, database: Database) -> None:
    layer, neuron = busy(database, 2)
    sheet = page_of(screen, layer, neuron, whole="neuron")
    of = f"'tiny', {layer}, {neuron}"
    counts = dict(
        rows(database, f"SELECT sign, sum(n)::INT FROM neuron_histogram({of}) GROUP BY sign")
    )
    words = part(sheet, "Histogram").locator("svg").get_attribute("aria-label")
    assert f"{counts[1]} tokens fire positively, {counts.get(-1, 0)} negatively" in words
    assert f"{counts[0]} are below the threshold" in words
    bars = part(sheet, "Histogram").locator(".kn-bar-mark").count()
    assert rows(database, f"SELECT count(*)::INT FROM neuron_histogram({of})") == [(bars,)]
    halves = rows(database, f"SELECT sign, n_fired, n_prompts, promoted FROM neuron_halves({of})")
    nodes = part(sheet, "Both halves").locator(".kn-half")
    rules = part(sheet, "Description by rule").locator(".kn-half")
    for i, (sign, n_fired, n_prompts, promoted) in enumerate(halves):
        told = nodes.nth(i).inner_text()
        assert f"Fires at {n_fired} token" in told and f"in {n_prompts} prompt" in told
        chips = nodes.nth(i).locator(".kn-fact").first.locator(".kn-chip")
        assert chips.count() == min(8, len(promoted))
        peaks = nodes.nth(i).locator(".kn-peak").all_inner_texts()
        wanted = rows(database, f"SELECT peak FROM neuron_half_examples({of}, {sign}, 6, 4)")
        assert [float(p) for p in peaks] == pytest.approx([p for (p,) in wanted], rel=6e-3)
        found = rows(
            database,
            "SELECT kind, precision, recall, n FROM neuron_descriptions WHERE model = 'tiny' "
            f"AND layer = {layer} AND neuron = {neuron} AND sign = {sign}",
        )
        for kind, precision, recall, n in found:
            told = rules.nth(i).inner_text()
            if kind == "none":
                assert "No rule found" in told
            else:
                assert f"precision {100 * precision:.1f} %" in told
                assert f"recall {100 * recall:.1f} %" in told
                assert f"{n} held-out" in told


def test_the_value_here_is_marked_and_follows_the_token(screen: Any, database: Database) -> None:
    ((layer, neuron),) = rows(
        database,
        "SELECT layer, neuron FROM heatmap('tiny', 2) GROUP BY ALL HAVING count(*) = 3 "
        "ORDER BY ALL LIMIT 1",
    )
    fired = dict(
        rows(
            database,
            "SELECT position, activation FROM heatmap('tiny', 2) WHERE layer = $1 AND neuron = $2",
            layer,
            neuron,
        )
    )
    told = rows(database, "SELECT position FROM prompt_tokens('tiny', 2) WHERE sink")
    sinks = {t for (t,) in told}
    at = next(t for t in fired if t not in sinks)
    off = next(i for i in range(10) if i not in fired)
    sheet = page_of(screen, layer, neuron, whole="neuron")
    histogram = part(sheet, "Histogram")
    screen.page.evaluate(f"kn.go({{token: {at}}})")
    histogram.locator(".kn-at-here").wait_for(state="attached")
    told = histogram.inner_text().split("At the token on screen: activation ")[1]
    assert float(told.split(".\n")[0].rstrip(".")) == pytest.approx(fired[at], rel=6e-3)
    screen.page.evaluate(f"kn.go({{token: {off}}})")
    histogram.locator("text=below the threshold of").wait_for()
    assert not histogram.locator(".kn-at-here").count()


def test_a_value_at_a_sink_is_told_and_not_drawn(screen: Any, database: Database) -> None:
    """It is no part of the histogram, whose scale it would leave."""
    ((at, layer, neuron),) = rows(
        database,
        "SELECT h.position, h.layer, h.neuron FROM heatmap('tiny', 2) AS h "
        "JOIN prompt_tokens('tiny', 2) AS t ON t.position = h.position WHERE t.sink LIMIT 1",
    )
    sheet = page_of(screen, layer, neuron, whole="neuron")
    screen.page.evaluate(f"kn.go({{token: {at}}})")
    histogram = part(sheet, "Histogram")
    histogram.locator("text=at an attention sink, which the histogram leaves out").wait_for()
    assert not histogram.locator(".kn-at-here").count()


def test_every_query_of_the_page_runs(screen: Any, database: Database) -> None:
    layer, neuron = busy(database, 2)
    sheet = page_of(screen, layer, neuron, whole="neuron")
    asked = 0
    for name in PARTS:
        buttons = part(sheet, name).locator(".kn-query")
        for i in range(buttons.count()):
            # Each button's own click, as the list of a section's queries makes it.
            buttons.nth(i).evaluate("b => b.dispatchEvent(new CustomEvent('click'))")
            screen.until("kn.state.tab === 'sql' && kn.state.query")
            query = screen.page.evaluate("kn.state.query")
            assert f"'tiny', {layer}, {neuron}" in query
            cursor = database.cursor()
            cursor.execute(guard.check(cursor, query, 100)).fetchall()
            asked += 1
            screen.page.evaluate("kn.go({tab: 'explore', whole: 'neuron', query: ''})")
            screen.settled(f"!document.querySelector('{SHEET}').hidden")
    assert asked == 1 + 1 + 7 + 2 + 1 + 2 + 1


def test_near_neurons_lead_to_their_pages(screen: Any, database: Database) -> None:
    layer, neuron = busy(database, 2)
    sheet = page_of(screen, layer, neuron, whole="neuron")
    near = part(sheet, "Nearest neurons")
    near.scroll_into_view_if_needed()
    links = near.locator(".kn-half").first.locator(".kn-link")
    links.first.wait_for()
    wanted = rows(
        database, f"SELECT layer, neuron FROM neurons_alike('tiny', {layer}, {neuron}, k := 8)"
    )
    assert links.all_inner_texts() == [f"{a}/{b}" for a, b in wanted]
    links.first.click()
    other = wanted[0]
    screen.settled(
        f"document.querySelector('{SHEET} h2').textContent.endsWith('neuron {other[1]}')"
    )
    assert (screen.address("layer"), screen.address("neuron")) == tuple(map(str, other))
    assert screen.address("whole") == "neuron"


def test_an_example_leads_to_its_prompt_and_leaves_the_page(
    screen: Any, database: Database
) -> None:
    layer, neuron = busy(database, 2)
    sheet = page_of(screen, layer, neuron, whole="neuron")
    ((prompt, peak),) = rows(
        database,
        "SELECT prompt_id, peak_position "
        f"FROM neuron_half_examples('tiny', {layer}, {neuron}, 1, 1, 0)",
    )
    part(sheet, "Both halves").locator(".kn-open").first.click()
    screen.settled(f"document.querySelector('{SHEET}').hidden")
    assert (screen.address("prompt"), screen.address("token")) == (str(prompt), str(peak))


def test_sections_without_their_tables_say_the_true_reason(
    screens: Callable[[str], Screen], half_url: str
) -> None:
    sheet = page_of(screens(half_url), 1, 3, whole="neuron")
    for name, table in (
        ("Description by rule", "neuron_descriptions"),
        ("Histogram", "activations_by_neuron"),
        ("Both halves", "activations_by_neuron"),
        ("Concepts and lift", "neuron_concepts"),
        ("Facts it serves", "knowledge_neurons"),
    ):
        told = part(sheet, name).inner_text()
        assert f"This atlas has no table {table} yet" in told, name
    assert "kn knowledge" in part(sheet, "Facts it serves").inner_text()
    near = part(sheet, "Nearest neurons")
    near.scroll_into_view_if_needed()
    near.locator("text=no table neuron_peaks yet").wait_for()
    assert "holds no training of this model" in part(sheet, "Life over steps").inner_text()


def test_an_address_with_another_page_shows_the_tab_and_says_so(screen: Any) -> None:
    screen.open(model="tiny", prompt=2, whole="everything")
    assert not screen.page.locator(SHEET).count()
    assert "There is no page “everything”" in screen.page.locator(".kn-notice").inner_text()


@pytest.mark.parametrize(("width", "height"), [(400, 800), (1280, 720), (1440, 900)])
def test_nothing_is_wider_than_the_window(
    screen: Any, database: Database, width: int, height: int
) -> None:
    layer, neuron = busy(database, 2)
    screen.page.set_viewport_size({"width": width, "height": height})
    sheet = page_of(screen, layer, neuron, whole="neuron")
    wide = (
        "node => [...node.querySelectorAll('*')].filter(x => !x.closest('.kn-scroll, svg') "
        "&& x.getBoundingClientRect().right > innerWidth + 1).map(x => x.className)"
    )
    assert sheet.evaluate(wide) == []
    assert sheet.evaluate("node => node.scrollWidth <= node.clientWidth")
