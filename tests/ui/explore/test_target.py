"""The target in a real browser: what cells are judged by, with made-up contributions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kn_assets.database.database import Database
from tests.ui.asking import cell_place, rows, show_product
from tests.ui.explore import stub
from tests.ui.screen import Screen

pytestmark = pytest.mark.browser

READY = "kn.target.data"


def answer(database: Database, prompt: int, seed: int) -> dict[str, Any]:
    """What the made-up model says of a prompt; `fired` by (position, layer, neuron)."""
    cells = rows(
        database,
        "SELECT position, layer, neuron FROM heatmap('tiny', $1) "
        "ORDER BY position, layer, abs(activation) DESC, neuron",
        prompt,
    )
    ((n,),) = rows(database, "SELECT count(*) FROM prompt_tokens('tiny', $1)", prompt)
    found = stub.contributions(seed, n, 6, len(cells))
    return {**found, "fired": dict(zip(cells, found["fired"].tolist(), strict=True))}


def next_ranks(database: Database, prompt: int, position: int) -> list[int]:
    """The atlas' own ranks of what really follows, by layer."""
    found = rows(
        database,
        "SELECT next_rank FROM lens('tiny', $1) WHERE position = $2 AND rank = 1 ORDER BY layer",
        prompt,
        position,
    )
    return [rank for (rank,) in found]


NEXT, TOKEN = stub.SEEDS["next"], stub.SEEDS["token"]


def shown(said: dict[str, Any], database: Database) -> dict[tuple[int, int, int], float]:
    """Contributions by (position, layer, neuron), without the always-on: they are folded."""
    always = set(rows(database, "SELECT layer, neuron FROM always_on('tiny')"))
    assert always
    return {cell: v for cell, v in said["fired"].items() if cell[1:] not in always}


def ordered(cells: dict[tuple[int, int, int], float], position: int, layer: int) -> list[int]:
    """The layer's neurons at a token, strongest contribution first."""
    here = {n: v for (p, at, n), v in cells.items() if (p, at) == (position, layer)}
    return sorted(here, key=lambda n: -abs(here[n]))


def best_at(cells: dict[tuple[int, int, int], float], position: int) -> tuple[int, int]:
    """The layer and neuron with the largest contribution at a token."""
    return max((c for c in cells if c[0] == position), key=lambda c: cells[c])[1:]


def test_cells_are_ordered_by_contribution_and_the_slider_asks_nobody(
    screens: Callable[[str], Screen], judged: str, database: Database
) -> None:
    screen = screens(judged).open(model="tiny", prompt=2, token=5)
    screen.settled(READY)
    show_product(screen)  # what the neuron reads is asked for where the slider rests
    said = answer(database, 2, NEXT)
    cells = shown(said, database)
    assert "full: 1 logit" in screen.page.locator(".kn-detail .kn-legend").inner_text()
    canvas = screen.page.locator("canvas.kn-cells")
    slider = screen.page.get_by_role("slider", name="Token")
    for position, key in ((5, None), (6, "ArrowRight")):
        before = len(screen.requests)
        if key:
            slider.press(key)
        assert screen.requests[before:] == []
        layers = [layer for layer in range(6) if len(ordered(cells, position, layer)) > 1]
        assert layers
        for layer in layers[:2]:
            first, second, *_ = ordered(cells, position, layer)
            for index, neuron in ((0, first), (1, second)):
                canvas.hover(position=cell_place(screen, layer, index))
                told = screen.page.locator(".kn-tip").inner_text()
                value = said["fired"][position, layer, neuron]
                assert f"neuron {neuron} · {'+' if value > 0 else '−'}{abs(value):.2f}" in told
        ranks = screen.page.locator(".kn-lens .kn-p").all_inner_texts()
        assert ranks == [f"{r:,}" for r in next_ranks(database, 2, position)[::-1]]
    badge = screen.page.locator(".kn-badge")
    layer, neuron = screen.page.evaluate("[kn.state.layer, kn.state.neuron]")
    value = said["fired"].get((6, layer, neuron))
    assert badge.is_visible() == (value is not None)


def test_a_typed_token_is_the_target_and_survives_a_reload(
    screens: Callable[[str], Screen], judged: str, database: Database
) -> None:
    screen = screens(judged).open(model="tiny", prompt=2, token=5)
    screen.settled(READY)
    screen.page.locator(".kn-toward").click()
    panel = screen.page.get_by_role("dialog", name="Target")
    panel.get_by_label("A token").fill("France")
    panel.get_by_label("A token").press("Enter")
    screen.settled("kn.target.data?.words[5] === ' France' && kn.target.data.lensRank")
    asked = answer(database, 2, TOKEN)
    shown_ranks = screen.page.locator(".kn-lens .kn-p").all_inner_texts()
    assert shown_ranks == [str(r) for r in asked["lens_rank"][5][::-1]]
    chip = screen.page.locator(".kn-toward")
    assert "␣France" in chip.inner_text()
    assert "␣ stands for a space" in (chip.get_attribute("title") or "")
    assert "␣France" in screen.page.locator(".kn-rank-head").inner_text()
    screen.page.get_by_role("button", name="against: nothing").click()
    against = screen.page.get_by_role("dialog", name="set against")
    against.get_by_role("button", name="the model’s answer").click()
    screen.settled("kn.target.data?.against")
    assert screen.address("target") == '" France"'
    assert screen.address("against") == "answer"
    screen.page.reload()
    screen.settled("kn.target.data?.against && kn.target.data.words[5] === ' France'")
    screen.page.go_back()
    screen.settled("kn.target.data && !kn.target.data.against")
    assert screen.address("target") == '" France"'
    screen.page.locator(".kn-toward").click()
    panel.get_by_label("A token").fill("New York")
    panel.get_by_label("A token").press("Enter")
    screen.until("kn.target.trouble")
    screen.page.locator(".kn-toward").click()
    assert "several tokens" in panel.inner_text()
    assert "several tokens" in screen.page.locator("[data-kn=prompt] .kn-tools").inner_text()
    panel.get_by_role("button", name="Take the first").click()
    screen.settled("kn.target.data?.words[5] === ' New'")
    assert screen.address("target") == '" New"'


def test_sql_says_how_live_numbers_are_computed(
    screens: Callable[[str], Screen], judged: str
) -> None:
    screen = screens(judged).open(model="tiny", prompt=2, token=5)
    screen.settled(READY)
    screen.page.locator("[data-kn=prompt] .kn-sql").first.click()
    screen.page.locator(".kn-sql-item").first.click()  # the pane has two queries
    screen.page.locator(".kn-result tbody tr").first.wait_for()
    query = screen.address("query") or ""
    assert 'lake.contributions("tiny", 2, {"kind":"next"}).neurons' in query
    assert "FROM heatmap('tiny', 2)" in query


def test_it_opens_on_the_word_with_the_largest_sum_until_someone_moves(
    screens: Callable[[str], Screen], judged: str, database: Database
) -> None:
    screen = screens(judged).open(model="tiny", prompt=2)
    screen.settled(READY)
    tokens = screen.page.evaluate("kn.prompt.tokens")
    said = answer(database, 2, NEXT)
    sums = (said["mlp"] + said["attention"]).sum(axis=1)
    whole = [
        i
        for i in range(len(tokens) - 2)
        if tokens[i + 1][:1] == " " and tokens[i + 1].strip()[:1].isalnum()
        and not tokens[i + 2][:1].isalnum()
    ]  # fmt: skip
    sinks = screen.page.evaluate("kn.prompt.sinks")
    ordinary = [i for i in whole if i not in sinks]
    starts = {i: tokens[i + 1].strip()[:1] for i in ordinary if tokens[i][-1:] not in ".!?:"}
    named = [i for i, first in starts.items() if first.isupper() or first.isdigit()]
    ordinary = named or ordinary
    said_by_model = [i for i in ordinary if next_ranks(database, 2, i)[-1] <= 10] or ordinary
    token = max(said_by_model, key=lambda i: sums[i])
    screen.until(f"kn.state.token === {token}")
    layer, neuron = best_at(shown(said, database), token)
    screen.until(f"kn.state.layer === {layer} && kn.state.neuron === {neuron}")
    screen.page.evaluate("kn.go({ prompt: 3 })")  # a neuron that nobody chose isn't kept
    screen.settled(f"kn.prompt.prompt.prompt_id === 3 && {READY}")
    other = shown(answer(database, 3, NEXT), database)
    screen.until("!kn.byRule.token")
    layer, neuron = best_at(other, screen.page.evaluate("kn.state.token"))
    screen.until(f"kn.state.layer === {layer} && kn.state.neuron === {neuron}")
    screen.settled(f"kn.neuron.card.neuron === {neuron}")
    other_prompt = screen.page.evaluate("kn.neuron.top.findIndex(row => row.prompt_id !== 3)")
    # An example is opened for its neuron's sake.
    screen.page.locator("[data-kn=neuron]:visible .kn-open").nth(other_prompt).click()
    screen.settled(f"kn.prompt.prompt.prompt_id !== 3 && {READY}")
    assert screen.page.evaluate("[kn.state.layer, kn.state.neuron]") == [layer, neuron]


def test_what_a_neuron_reads_is_told_and_a_head_opens_its_attention(
    screens: Callable[[str], Screen], judged: str
) -> None:
    screen = screens(judged).open(model="tiny", prompt=2, token=5, layer=3, neuron=7)
    screen.settled(READY)
    reads = screen.page.locator(".kn-reads")
    reads.locator(".kn-ways").wait_for()
    assert reads.locator(".kn-weighted .kn-token").count() == 6
    assert "through head 3." in reads.inner_text()
    assert "own stream" in reads.locator(".kn-sum").inner_text()
    gate = reads.locator(".kn-sum").inner_text()
    reads.get_by_role("button", name="up").click()
    assert reads.locator(".kn-sum").inner_text() != gate
    reads.locator("summary").click()
    assert reads.locator(".kn-head-sums tr").count() == stub.HEADS
    assert "5.1 at" in reads.locator(".kn-later").inner_text()
    heads = screen.page.locator("canvas.kn-head-cells")
    box = heads.bounding_box()
    assert box is not None
    heads.hover(position={"x": box["width"] / 2, "y": 3})
    assert screen.page.locator(".kn-tip").inner_text().startswith("layer 5 · head 1 · ")
    heads.click(position={"x": box["width"] / 2, "y": 3})
    screen.until("kn.state.layer === 5 && document.querySelector('.kn-heads').value === '1'")
    assert not reads.is_visible()


def test_the_overview_is_whole_and_moves_by_keys(
    screens: Callable[[str], Screen], judged: str, database: Database
) -> None:
    cells = {c: v for c, v in shown(answer(database, 2, NEXT), database).items() if c[0] == 6}
    layer = max(at for _, at, _ in cells)
    screen = screens(judged).open(model="tiny", prompt=2, token=5, layer=layer - 1, neuron=7)
    screen.settled(READY)
    overview = screen.page.locator("canvas.kn-overview")
    overview.focus()
    screen.page.keyboard.press("ArrowRight")
    screen.until("kn.state.token === 6")
    screen.page.keyboard.press("ArrowUp")
    said = screen.page.locator(".kn-said").inner_text()
    assert said.startswith(f"layer {layer} · token 7 of ")
    screen.page.keyboard.press("Enter")
    best = max(ordered(cells, 6, layer), key=lambda n: cells[6, layer, n])
    screen.until(f"kn.state.layer === {layer} && kn.state.neuron === {best}")
    for width, height in ((1280, 720), (1440, 900), (2560, 1400)):
        screen.page.set_viewport_size({"width": width, "height": height})
        screen.page.wait_for_timeout(200)
        box = overview.bounding_box()
        pane = screen.page.locator("[data-kn=prompt]").bounding_box()
        assert box is not None
        assert pane is not None
        assert box["height"] >= 60
        assert pane["y"] <= box["y"]
        assert box["y"] + box["height"] <= pane["y"] + pane["height"]
        foot = screen.page.locator(".kn-foot").bounding_box()
        assert foot is not None
        assert foot["y"] + foot["height"] <= pane["y"] + pane["height"]
