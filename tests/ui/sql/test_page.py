"""The SQL tab in a real browser: queries, questions, downloads, the way back to the panes."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = pytest.mark.browser


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
        said = screen.page.locator("[data-kn=sql] .kn-count").first.inner_text()
        assert re.match(r"(1 row|[\d,]+ rows) in ", said)


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
    panes = screen.page.locator(".kn-explore > .kn-pane")
    queries = []
    for i in range(panes.count()):
        shown = panes.nth(i).locator(".kn-query:visible")
        screen.until(
            f"document.querySelectorAll('.kn-explore > .kn-pane')[{i}].querySelector('.kn-query')"
        )
        shown.nth(1).wait_for(state="detached")  # one a pane, which lists them where there are more
        n = panes.nth(i).locator(".kn-query:not([hidden])").count()
        for k in range(n):
            shown.click()
            if n > 1:
                screen.page.locator(".kn-sql-list button").nth(k).click()
            run = "document.querySelector('[data-kn=sql] .kn-run')"
            screen.until(f"{run} && !{run}.disabled")
            screen.until(
                "/ rows? in /.test(document.querySelector('[data-kn=sql] .kn-count').textContent)"
            )
            assert screen.page.locator("[data-kn=sql] .kn-error").count() == 0
            queries.append(screen.address("query"))
            screen.tab("Explore")
    assert len(set(queries)) == len(queries) > panes.count() == 3


def test_a_query_is_cancelled_from_the_keyboard(screen: Any) -> None:
    screen.open(model="tiny", tab="sql")
    editor = screen.page.get_by_label("SQL query")
    editor.fill("SELECT count(*) FROM range(100000000000) a, range(1000) b")
    editor.press("Control+Enter")
    cancel = screen.page.locator("[data-kn=sql]").get_by_role("button", name="Cancel")
    cancel.wait_for()
    cancel.press("Enter")
    screen.page.locator("[data-kn=sql] .kn-message", has_text="cancelled").wait_for()
    assert not cancel.is_visible()
    editor.fill("SELECT 7 AS n")
    editor.press("Control+Enter")
    row = screen.page.locator(".kn-result tbody tr")
    row.wait_for()
    assert row.locator("td").all_inner_texts() == ["7"]


def test_an_error_greys_the_table_and_says_whose_it_is(screen: Any, tmp_path: Any) -> None:
    screen.open(model="tiny", tab="sql", query="SELECT prompt_id, 2 AS peak_position FROM prompts")
    table = screen.page.locator(".kn-result")
    table.locator("tbody tr").first.wait_for()
    head = "document.querySelector('.kn-result th').title"
    screen.until(f"/. · INTEGER/.test({head})")  # a moment later than the table
    editor = screen.page.get_by_label("SQL query")
    for query, words in (
        ("DROP TABLE prompts", "only one SELECT that reads can be run, and this is DROP"),
        ("SELECT 1; SELECT 2", "these are 2 statements"),
    ):
        editor.fill(query)
        editor.press("Control+Enter")
        screen.page.locator("[data-kn=sql] .kn-error", has_text=words).wait_for()
        assert "kn-old" in table.get_attribute("class")
        assert "SELECT prompt_id" in screen.page.locator(".kn-caption").inner_text()
    editor.fill("SELECT 7 AS n")
    with screen.page.expect_download() as download:
        screen.page.get_by_role("button", name="CSV").click()
    download.value.save_as(tmp_path / "written")
    assert (tmp_path / "written").read_text().split() == ["n", "7"]
    count = screen.page.locator("[data-kn=sql] .kn-count").first
    assert "1 row of the query as written, which isn't the table's" in count.inner_text()
    editor.press("Control+Enter")
    screen.until("document.querySelectorAll('.kn-result tbody tr').length === 1")
    assert count.inner_text().startswith("1 row in ")
    assert "kn-old" not in table.get_attribute("class")
    assert screen.page.locator(".kn-caption").is_hidden()


def test_a_position_leads_to_its_token(screen: Any) -> None:
    query = "SELECT 3 AS prompt_id, 4 AS peak_position"
    screen.open(model="tiny", tab="sql", query=query)
    screen.page.locator(".kn-result tbody").get_by_role("button", name="4").click()
    screen.settled("kn.prompt.prompt.prompt_id === 3")
    assert (screen.address("tab"), screen.address("token")) == ("explore", "4")
