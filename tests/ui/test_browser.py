"""The app in a real browser: real clicks and keys, checked against the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kn_assets.database import Database
from kn_assets.lake import Lake
from kn_assets.made_up import make_lake
from tests.ui.screen import Screen

pytestmark = pytest.mark.browser

# What the pointer is told over each token.
TITLES = """
tokens => tokens.map(token => {
  token.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
  return token.title;
})
"""


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


def title(screen: Any, name: str) -> str:
    return screen.page.locator(f"[data-kn={name}]:visible h2").first.inner_text()


# -- left pane ---------------------------------------------------------------------------------


def test_search_ignores_accents_and_opens_by_keyboard(screen: Any, database: Database) -> None:
    (wanted,) = rows(
        database,
        "SELECT prompt_id, name FROM atlas_prompts('tiny') WHERE name LIKE 'São Paulo%' "
        "ORDER BY name LIMIT 1",
    )
    screen.open(model="tiny")
    box = screen.page.get_by_role("combobox", name="Search")
    box.fill("sao paulo")
    screen.until("document.querySelector('#kn-list .kn-city')?.textContent.includes('São')")
    box.press("ArrowDown")
    box.press("Enter")
    screen.until(f"new URLSearchParams(location.search).get('prompt') === '{wanted[0]}'")
    screen.until(f"document.querySelector('[data-kn=prompt] h2').textContent === {wanted[1]!r}")


def test_search_finds_only_prompts_of_the_atlas(screen: Any, database: Database) -> None:
    screen.open(model="other@step10")
    listed = screen.page.locator("#kn-list li")
    assert listed.count() == 5
    held = {r[0] for r in rows(database, "SELECT prompt_id FROM atlas_prompts('other@step10')")}
    shown = {int(listed.nth(i).get_attribute("data-prompt")) for i in range(5)}
    assert shown == held
    screen.page.get_by_role("combobox", name="Search").fill("no such city")
    screen.until("document.querySelector('#kn-list').textContent.includes('No prompt')")


def test_another_model_is_picked(screen: Any) -> None:
    screen.open(model="tiny")
    screen.page.get_by_label("Model").select_option("other@step10")
    screen.until("document.querySelectorAll('.kn-lens').length === 3")
    assert screen.address("model") == "other@step10"


# -- middle pane -------------------------------------------------------------------------------


def test_slider_moves_the_token_and_asks_nobody(screen: Any, database: Database) -> None:
    screen.open(model="tiny", prompt=2, token=3, layer=4, neuron=5)
    before = len(screen.requests)
    slider = screen.page.get_by_role("slider", name="Token")
    for _ in range(3):
        slider.press("ArrowRight")
    screen.until("new URLSearchParams(location.search).get('token') === '6'")
    assert screen.page.locator(".kn-text [aria-current]").count() == 1
    lens = rows(
        database,
        "SELECT token, round(probability, 2) FROM lens('tiny', 2) "
        "WHERE position = 6 AND rank = 1 ORDER BY layer",
    )
    labels = screen.page.locator(".kn-lens")
    for layer, (token, _) in enumerate(lens):
        assert f"Layer {layer}: {token}," in labels.nth(layer).get_attribute("aria-label")
    counts = rows(
        database,
        "SELECT count(*) FROM heatmap('tiny', 2) WHERE position = 6 GROUP BY layer ORDER BY layer",
    )
    shown = screen.page.locator(".kn-counts span").all_inner_texts()
    assert shown == [str(n) for (n,) in counts]
    assert screen.requests[before:] == []


def test_a_token_of_the_text_is_clicked(screen: Any) -> None:
    screen.open(model="tiny", prompt=2, token=3)
    screen.page.locator(".kn-text .kn-token").nth(1).click()
    screen.until("new URLSearchParams(location.search).get('token') === '1'")
    assert screen.page.get_by_role("slider", name="Token").input_value() == "1"


def test_the_lens_tells_its_five_likeliest_on_focus(screen: Any, database: Database) -> None:
    screen.open(model="tiny", prompt=2, token=3)
    screen.page.locator(".kn-lens").nth(2).hover()
    tip = screen.page.locator(".kn-tip")
    assert tip.locator("tr").count() == 5
    (rank,) = rows(
        database,
        "SELECT next_rank FROM lens('tiny', 2) WHERE position = 3 AND layer = 2 AND rank = 1",
    )[0]
    assert f"rank {rank:,}" in tip.inner_text()


def click_cell(screen: Any, layer: int, index: int) -> None:
    canvas = screen.page.locator("canvas.kn-cells")
    height, width = canvas.evaluate(
        "c => [parseFloat(getComputedStyle(c.closest('.kn-rows')).getPropertyValue('--row')), "
        "c.clientWidth]"
    )
    busy = screen.page.evaluate("kn.prompt.busy")
    cell = max(7, min(20, width // busy))
    canvas.click(position={"x": 1 + (index + 0.5) * cell, "y": (layer + 0.5) * height})


def test_a_neuron_is_clicked_and_both_right_panes_answer(screen: Any, database: Database) -> None:
    screen.open(model="tiny", prompt=2, token=5)
    layer = 3
    fired = rows(
        database,
        "SELECT neuron FROM heatmap('tiny', 2) WHERE position = 5 AND layer = 3 "
        "ORDER BY abs(activation) DESC",
    )
    neuron = fired[1][0]
    click_cell(screen, layer, 1)
    screen.until(
        f"document.querySelector('[data-kn=neuron] h2').textContent.endsWith('neuron {neuron}')"
    )
    screen.until(f"kn.neuron.card.neuron === {neuron}")
    top = rows(database, "SELECT name, peak FROM neuron_prompts('tiny', 3, $1, 10)", neuron)
    pane = screen.page.locator("[data-kn=neuron]:visible")
    names = pane.locator(".kn-two section").first.locator(".kn-open b").all_inner_texts()
    assert names == [name for name, _ in top]
    weights = rows(
        database,
        "SELECT source_position, weight FROM attention_weighted('tiny', 2, 3, $1) "
        "WHERE position = 5 AND activation <> 0 ORDER BY source_position",
        neuron,
    )
    titles = pane.locator(".kn-weighted .kn-token").evaluate_all(TITLES)
    for source, weight in weights:
        assert float(titles[source].rsplit("= ", 1)[1].replace(",", "")) == pytest.approx(
            weight, rel=6e-3
        )
    assert "did not fire" in titles[next(i for i in range(6) if i not in dict(weights))]
    assert (
        "weight(source) = attention(layer, current position → source) * activation(source)"
        in pane.locator(".kn-sentence").inner_text()
    )


def test_attention_follows_the_slider_and_sums(screen: Any, database: Database) -> None:
    layer, neuron = busy(database, 2)
    screen.open(model="tiny", prompt=2, token=9, layer=layer, neuron=neuron)
    before = len(screen.requests)
    screen.page.get_by_role("slider", name="Token").press("ArrowLeft")
    sentence = screen.page.locator(".kn-sentence")
    assert "current position 8" in sentence.inner_text()
    screen.page.get_by_role("button", name="sum over positions").click()
    sums = rows(
        database,
        "SELECT source_position, sum(weight) FROM attention_weighted('tiny', 2, $1, $2) "
        "WHERE activation <> 0 GROUP BY 1",
        layer,
        neuron,
    )
    titles = screen.page.locator(".kn-weighted .kn-token").evaluate_all(TITLES)
    assert sums
    for source, total in sums:
        assert float(titles[source].removeprefix("sum ").replace(",", "")) == pytest.approx(
            total, rel=6e-3
        )
    assert screen.requests[before:] == []


def test_the_heatmap_works_by_keyboard(screen: Any, database: Database) -> None:
    (neuron, *_), *_ = rows(
        database,
        "SELECT neuron FROM heatmap('tiny', 2) WHERE position = 5 AND layer = 1 "
        "ORDER BY abs(activation) DESC",
    )
    (first, *_), *_ = rows(
        database,
        "SELECT neuron FROM heatmap('tiny', 2) WHERE position = 5 AND layer = 0 "
        "ORDER BY abs(activation) DESC",
    )
    screen.open(model="tiny", prompt=2, token=5, layer=0, neuron=first)
    screen.page.locator("canvas.kn-cells").focus()
    screen.page.keyboard.press("ArrowDown")
    screen.page.keyboard.press("Enter")
    screen.until(f"new URLSearchParams(location.search).get('neuron') === '{neuron}'")
    assert screen.address("layer") == "1"


def test_an_example_opens_its_prompt_at_the_peak(screen: Any, database: Database) -> None:
    layer, neuron = busy(database, 2)
    screen.open(model="tiny", prompt=2, token=5, layer=layer, neuron=neuron)
    prompt, peak = rows(
        database,
        "SELECT prompt_id, peak_position FROM neuron_prompts('tiny', $1, $2, 1)",
        layer,
        neuron,
    )[0]
    screen.page.locator(".kn-open:visible").first.click()
    screen.until(f"new URLSearchParams(location.search).get('prompt') === '{prompt}'")
    assert screen.address("token") == str(peak)
    assert screen.address("neuron") == str(neuron)


# -- map ---------------------------------------------------------------------------------------


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


def lonely(database: Database) -> tuple[int, int]:
    """The neuron whose nearest neighbour on the map is farthest away."""
    return rows(
        database,
        "WITH p AS (FROM neuron_points('tiny')) SELECT a.layer, a.neuron FROM p a, p b "
        "WHERE (a.layer, a.neuron) <> (b.layer, b.neuron) "
        "GROUP BY ALL ORDER BY min((a.x - b.x)**2 + (a.y - b.y)**2) DESC LIMIT 1",
    )[0]


def test_the_map_selects_a_neuron_and_shows_its_prompts(screen: Any, database: Database) -> None:
    layer, neuron = lonely(database)
    screen.open(model="tiny", prompt=2, token=5)
    screen.tab("Map")
    screen.until("document.documentElement.dataset.knMap === 'neurons'")
    screen.page.locator(".kn-stage canvas").first.click(
        position=place_of(screen, database, layer, neuron)
    )
    screen.until(f"new URLSearchParams(location.search).get('neuron') === '{neuron}'")
    assert screen.address("layer") == str(layer)
    assert screen.address("tab") == "map"
    top = rows(database, "SELECT name FROM neuron_prompts('tiny', $1, $2, 10)", layer, neuron)
    screen.until(f"kn.neuron?.card?.neuron === {neuron}")
    names = screen.page.locator("[data-kn=neuron]:visible .kn-two section").first
    assert names.locator(".kn-open b").all_inner_texts() == [name for (name,) in top]
    screen.tab("Explore")
    assert title(screen, "neuron") == f"Layer {layer} · neuron {neuron}"
    examples = screen.page.locator("[data-kn=neuron]:visible .kn-two section").first
    assert examples.locator(".kn-open b").all_inner_texts() == [name for (name,) in top]


def test_a_box_on_the_map_is_counted_and_opens_as_sql(screen: Any, database: Database) -> None:
    screen.open(model="tiny", tab="map")
    screen.until("document.documentElement.dataset.knMap === 'neurons'")
    screen.page.get_by_role("button", name="select a box").click()
    box = screen.page.locator(".kn-stage").bounding_box()
    screen.page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    screen.page.mouse.down()
    screen.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.7, steps=4)
    screen.page.mouse.up()
    found = screen.page.locator(".kn-selection h3")
    found.wait_for()
    screen.page.locator(".kn-selection").get_by_role("button", name="show as SQL").click()
    screen.page.locator(".kn-result tbody tr").first.wait_for()
    query = screen.address("query")
    assert "BETWEEN" in query
    (n,) = rows(database, f"SELECT count(*) FROM ({query})")[0]
    assert n > 0
    assert f"{n} rows" in screen.page.locator("[data-kn=sql] .kn-count").first.inner_text()


def test_a_lasso_selects_what_lies_in_it(screen: Any, database: Database) -> None:
    screen.open(model="tiny", tab="map")
    screen.until("document.documentElement.dataset.knMap === 'neurons'")
    screen.page.get_by_role("button", name="lasso").click()
    box = screen.page.locator(".kn-stage").bounding_box()
    corners = [(0.3, 0.2), (0.7, 0.5), (0.3, 0.8), (0.3, 0.3)]
    screen.page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.2)
    screen.page.mouse.down()
    for x, y in corners[1:]:
        screen.page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y, steps=8)
    screen.page.mouse.up()
    found = screen.page.locator(".kn-selection h3")
    found.wait_for()
    assert screen.page.locator(".kn-selection .kn-chip").count() > 1
    words = found.inner_text()
    screen.page.locator(".kn-selection").get_by_role("button", name="show as SQL").click()
    screen.page.locator(".kn-result tbody tr").first.wait_for()
    query = screen.address("query")
    assert "list_filter" in query
    (n,) = rows(database, f"SELECT count(*) FROM ({query})")[0]
    assert words == f"{n} neurons selected"
    assert n > 0
    # The left half of the drawn triangle's box holds more than its tip at the right.
    low, high = rows(database, f"SELECT min(x), max(x) FROM ({query})")[0]
    (left,) = rows(database, f"SELECT count(*) FROM ({query}) WHERE x < {(low + high) / 2}")[0]
    assert left > n / 2


def test_two_fingers_zoom_the_map(screen: Any) -> None:
    screen.open(model="tiny", tab="map")
    screen.until("document.documentElement.dataset.knMap === 'neurons'")
    box = screen.page.locator(".kn-stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = screen.page.context.new_cdp_session(screen.page)

    def fingers(kind: str, apart: float | None) -> None:
        points = [] if apart is None else [{"x": x + d * apart, "y": y} for d in (-1, 1)]
        points = [{**p, "id": i} for i, p in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    pixels = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.join()"
    canvas = screen.page.locator(".kn-stage canvas").first
    before = canvas.evaluate(pixels)
    address = screen.page.url
    fingers("touchStart", 40)
    for apart in (60, 80, 120, 80, 60, 40):
        fingers("touchMove", apart)
        if apart == 120:
            screen.page.wait_for_timeout(100)
            assert canvas.evaluate(pixels) != before
    screen.page.wait_for_timeout(100)
    assert canvas.evaluate(pixels) == before  # back where it was
    fingers("touchEnd", None)
    assert screen.page.url == address  # no point was taken for a click


def test_prompts_are_on_the_map_too(screen: Any) -> None:
    screen.open(model="tiny", tab="map")
    screen.page.get_by_role("button", name="prompts", exact=True).click()
    screen.until("document.documentElement.dataset.knMap === 'prompts'")
    stage = screen.page.locator(".kn-stage canvas").first
    stage.focus()
    stage.press("ArrowRight")
    stage.press("ArrowLeft")
    stage.press("Enter")
    screen.page.get_by_role("button", name="open in Explore").click()
    screen.until("new URLSearchParams(location.search).get('tab') === 'explore'")


# -- SQL ---------------------------------------------------------------------------------------


def test_a_query_runs_and_leads_back_to_the_panes(screen: Any) -> None:
    screen.open(model="tiny", tab="sql")
    editor = screen.page.get_by_label("SQL query")
    editor.fill("SELECT 4 AS layer, 9 AS neuron, 3 AS prompt_id, '<b>${1}`' AS text")
    editor.press("Control+Enter")
    row = screen.page.locator(".kn-result tbody tr")
    row.wait_for()
    assert row.locator("td").all_inner_texts() == ["4", "9", "3", "<b>${1}`"]
    row.get_by_role("button", name="9").click()
    screen.until(
        "document.querySelector('[data-kn=neuron] h2').textContent === 'Layer 4 · neuron 9'"
    )
    assert (screen.address("tab"), screen.address("prompt")) == ("explore", "3")


def test_each_question_runs_with_one_click(screen: Any) -> None:
    screen.open(model="tiny", tab="sql")
    asks = screen.page.locator(".kn-ask")
    asks.first.wait_for()
    assert asks.count() >= 6
    for i in range(asks.count()):
        asks.nth(i).click()
        screen.until("!document.querySelector('[data-kn=sql] .kn-run').disabled")
        assert screen.page.locator("[data-kn=sql] .kn-error").count() == 0
        assert " rows in " in screen.page.locator("[data-kn=sql] .kn-count").first.inner_text()


def test_rows_are_cut_honestly_and_downloaded_whole(screen: Any, tmp_path: Any) -> None:
    import pyarrow.parquet as pq

    screen.open(model="tiny", tab="sql", query="SELECT range AS n FROM range(2500)")
    screen.until("document.querySelectorAll('.kn-result tbody tr').length === 1000")
    assert (
        "there are more than 1,000"
        in screen.page.locator("[data-kn=sql] .kn-count").first.inner_text()
    )
    for name in ("CSV", "Parquet"):
        with screen.page.expect_download() as download:
            screen.page.get_by_role("button", name=name).click()
        download.value.save_as(tmp_path / name)
    assert (tmp_path / "CSV").read_text().split() == ["n", *map(str, range(2500))]
    assert pq.read_table(tmp_path / "Parquet").column("n").to_pylist() == list(range(2500))


def test_what_sql_may_not_do_is_said(screen: Any, tmp_path: Any) -> None:
    target = tmp_path / "stolen.csv"
    screen.open(
        model="tiny", tab="sql", query=f"WITH x AS (COPY (SELECT 1) TO '{target}') SELECT 1"
    )
    screen.page.locator("[data-kn=sql] .kn-error").wait_for()
    assert not target.exists()


def test_every_pane_opens_its_query(screen: Any) -> None:
    screen.open(model="tiny", prompt=2, token=5, layer=3, neuron=7)
    buttons = screen.page.locator("[data-kn]:visible .kn-sql")
    for i in range(buttons.count()):
        screen.page.locator(".kn-explore .kn-sql").nth(i).click()
        run = "document.querySelector('[data-kn=sql] .kn-run')"
        screen.until(f"{run} && !{run}.disabled")
        screen.until(
            "/ rows in /.test(document.querySelector('[data-kn=sql] .kn-count').textContent)"
        )
        assert screen.page.locator("[data-kn=sql] .kn-error").count() == 0
        screen.tab("Explore")


# -- the address -------------------------------------------------------------------------------


def test_a_link_says_all_and_reload_and_back_keep_it(screen: Any) -> None:
    wanted = {"model": "tiny", "prompt": "3", "token": "4", "layer": "2", "neuron": "11"}
    screen.open(**wanted)
    assert {name: screen.address(name) for name in wanted} == wanted
    assert title(screen, "neuron") == "Layer 2 · neuron 11"
    screen.page.reload()
    screen.until("document.documentElement.dataset.knState === 'ready'")
    assert {name: screen.address(name) for name in wanted} == wanted
    screen.page.locator("#kn-list li").first.click()
    screen.until("new URLSearchParams(location.search).get('prompt') !== '3'")
    screen.tab("Map")
    screen.until("new URLSearchParams(location.search).get('tab') === 'map'")
    screen.page.go_back()
    screen.until("new URLSearchParams(location.search).get('tab') === 'explore'")
    screen.page.go_back()
    screen.until("new URLSearchParams(location.search).get('prompt') === '3'")
    screen.until("kn.prompt.prompt.prompt_id === 3")
    assert screen.page.locator("#kn-tabs [role=tab][aria-selected=true]").inner_text() == "Explore"


def test_nonsense_in_the_address_is_ignored_and_said(screen: Any) -> None:
    screen.open(model="nobody", prompt="-1", token="<b>", layer="99", neuron="4", tab="x")
    notice = screen.page.locator(".kn-notice").inner_text()
    for part in ("model=nobody", "prompt=-1", "token=<b>", "layer=99", "tab=x"):
        assert part in notice
    assert screen.page.locator(".kn-rows").is_visible()


# -- a text of one's own -----------------------------------------------------------------------


def test_a_text_of_ones_own_is_run_and_shown(
    screens: Callable[[str], Screen], serve: Callable[..., str], live_lake: Lake
) -> None:
    text = "Kabul <script>alert(1)</script> `${1}` \u202eis the capital"
    screen = screens(serve(live_lake)).open()
    neuron = screen.address("neuron")
    screen.page.locator(".kn-live summary").click()
    box = screen.page.get_by_label("Your own text")
    box.fill(text)
    screen.page.set_default_timeout(60_000)
    box.press("Enter")
    screen.page.locator(".kn-progress progress").wait_for()
    screen.until("document.querySelector('[data-kn=prompt] h2')?.textContent === 'Your text'")
    tokens = screen.page.locator(".kn-text .kn-token").count()
    said = screen.page.locator("[data-kn=prompt] .kn-count").first.inner_text()
    assert said.endswith("tokens, run live")
    assert str(tokens) in said
    assert screen.address("text") == text
    assert screen.address("prompt") is None
    assert screen.address("neuron") == neuron
    shown = screen.page.locator(".kn-text .kn-token").all_text_contents()
    assert "".join(t for t in shown if t != "∅") == text.replace("\u202e", "⟨202E⟩")
    assert screen.page.locator("[data-kn=prompt] [aria-selected=true]").count() == 0
    before = len(screen.requests)
    screen.page.get_by_role("slider", name="Token").press("ArrowLeft")
    assert screen.requests[before:] == []
    # A neuron that fired here: what it is comes from the corpus, its weights from this text.
    click_cell(screen, 1, 0)
    screen.until("kn.neuron?.card?.layer === 1 && !document.querySelector('.kn-waiting')")
    pane = screen.page.locator("[data-kn=neuron]:visible")
    assert pane.locator(".kn-example").count() > 0
    titles = pane.locator(".kn-weighted .kn-token").evaluate_all(TITLES)
    assert len(titles) == len(shown)
    assert any("attention ×" in title for title in titles)
    assert not pane.locator(".kn-lower .kn-sql").is_visible()
    screen.page.reload()
    screen.until("document.querySelector('[data-kn=prompt] h2')?.textContent === 'Your text'")
    pane.locator(".kn-open").first.click()
    screen.until("new URLSearchParams(location.search).get('prompt') !== null")
    assert screen.address("text") is None
    screen.page.go_back()
    screen.until("document.querySelector('[data-kn=prompt] h2')?.textContent === 'Your text'")


def test_a_model_that_is_not_here_is_said(screen: Any) -> None:
    screen.open(model="tiny", prompt=2)
    screen.page.locator(".kn-live summary").click()
    message = screen.page.locator(".kn-live .kn-message")
    message.wait_for()
    assert "not on this machine" in message.inner_text()
    assert screen.page.locator(".kn-live .kn-run").is_disabled()
    screen.open(model="tiny", text="from a link")
    screen.page.locator("[data-kn=prompt] .kn-error").wait_for()
    assert "not on this machine" in screen.page.locator("[data-kn=prompt] .kn-error").inner_text()


# -- states ------------------------------------------------------------------------------------


def test_hostile_names_and_tokens_are_text(screen: Any, database: Database) -> None:
    screen.open(model="tiny")
    names = screen.page.locator("#kn-list .kn-city").all_inner_texts()
    assert any("<script>" in name for name in names)
    for (prompt,) in rows(database, "SELECT prompt_id FROM atlas_prompts('tiny')"):
        screen.page.evaluate("prompt => kn.go({prompt})", prompt)
        screen.until(f"kn.prompt.prompt.prompt_id === {prompt}")
        tokens = [
            t for (t,) in rows(database, "SELECT token FROM prompt_tokens('tiny', $1)", prompt)
        ]
        shown = screen.page.locator(".kn-text .kn-token").all_text_contents()
        for token, text in zip(tokens, shown, strict=True):
            plain = token.replace("\n", "↵").replace("\t", "⇥").replace("\u202e", "⟨202E⟩")
            assert text == (plain or "∅")
    assert screen.page.locator("[data-kn] :is(script, img, iframe)").count() == 0


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


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (400, "light")])
def test_text_is_legible_and_nothing_scrolls_sideways(screen: Any, width: int, scheme: str) -> None:
    screen.page.emulate_media(color_scheme=scheme)
    screen.page.set_viewport_size({"width": width, "height": 800})
    screen.open(model="tiny", prompt=2, token=5)
    screen.page.locator(".kn-live summary").click()
    for tab in ("Explore", "Map", "SQL"):
        screen.tab(tab)
        screen.page.locator(f"[data-kn={tab.lower().replace('explore', 'prompt')}]").wait_for()
        screen.until("!document.querySelector('.kn-waiting')")
        screen.page.wait_for_timeout(300)
        ratio, text = screen.page.evaluate(CONTRAST)
        assert ratio >= 4.5, text
        assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_empty_lake_says_what_to_run(
    screens: Callable[[str], Screen],
    serve: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    url = serve(Lake(tmp_path_factory.mktemp("empty")))
    page = screens(url).page
    page.goto(url)
    page.locator(".kn-empty-page").wait_for()
    assert "kn demo" in page.locator(".kn-empty-page").inner_text()


def test_an_atlas_half_way_shows_what_is_there(
    screens: Callable[[str], Screen], serve: Callable[..., str], half_lake: Lake
) -> None:
    page = screens(serve(half_lake)).open().page
    page.locator(".kn-card").wait_for()
    assert page.locator(".kn-text .kn-token").count() > 1
    assert "logit_lens" in page.locator("[data-kn=prompt] .kn-message").inner_text()
    pane = page.locator("[data-kn=neuron]").inner_text()
    for table in ("neurons", "neuron_vocabulary", "neuron_peaks", "attention"):
        assert f"no table {table}" in pane.replace("`", "") or f"and {table}" in pane
    page.get_by_role("tab", name="Map").click()
    page.locator("[data-kn=map] .kn-message").wait_for()
    assert "neuron_map" in page.locator("[data-kn=map] .kn-message").inner_text()


def test_a_new_table_is_seen_without_a_restart(
    screens: Callable[[str], Screen],
    serve: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = tmp_path_factory.mktemp("growing")
    url = serve(Lake(root))
    make_lake(root)
    screens(url).open().page.locator(".kn-text .kn-token").first.wait_for()
