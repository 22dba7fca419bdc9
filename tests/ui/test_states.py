"""What the app shows of hostile names, an empty lake, an atlas half-way; how legible it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kn_assets.database.database import Database
from kn_assets.lake import Lake
from tests.made import make_lake
from tests.ui.asking import CONTRAST, rows
from tests.ui.screen import Screen

pytestmark = pytest.mark.browser


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
            assert text == (plain or "⟨byte⟩")
    assert screen.page.locator("[data-kn] :is(script, img, iframe)").count() == 0


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (400, "light")])
def test_text_is_legible_and_nothing_scrolls_sideways(screen: Any, width: int, scheme: str) -> None:
    screen.page.emulate_media(color_scheme=scheme)
    screen.page.set_viewport_size({"width": width, "height": 800})
    screen.open(model="tiny", prompt=2, token=5)
    screen.page.locator(".kn-live summary").click()
    for tab in ("Explore", "Map", "SQL"):
        screen.tab(tab)
        screen.page.locator(f"[data-kn={tab.lower().replace('explore', 'prompt')}]").wait_for()
        screen.settled()
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
    screens: Callable[[str], Screen], half_url: str
) -> None:
    page = screens(half_url).open().page
    page.locator(".kn-card").wait_for()
    assert page.locator(".kn-text .kn-token").count() > 1
    assert "logit_lens" in page.locator("[data-kn=prompt] .kn-message").inner_text()
    page.get_by_role("button", name="attention × activations").click()
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


@pytest.mark.parametrize(
    ("table", "tab", "pane", "view"),
    [
        ("logit_lens", "explore", "prompt", "prompt"),
        ("neuron_peaks", "explore", "neuron", "neuron"),
        ("neuron_map", "map", "map", "points"),
    ],
)
def test_a_view_that_fails_says_why(
    screens: Callable[[str], Screen],
    serve: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
    table: str,
    tab: str,
    pane: str,
    view: str,
) -> None:
    lake = make_lake(tmp_path_factory.mktemp("broken"))
    (atlas,) = lake.partitions("model")
    (file,) = lake.files(atlas, table)
    whole = file.read_bytes()
    # What its rows were is still told, but they are gone: a disk that lost a part of a file.
    file.write_bytes(b"PAR1" + b"\0" * (len(whole) // 2) + whole[len(whole) // 2 + 4 :])
    page = screens(serve(lake)).open(tab=tab).page
    message = page.locator(f"[data-kn={pane}]:visible .kn-error").first
    message.wait_for()
    assert f"the view {view} failed" in message.inner_text()
