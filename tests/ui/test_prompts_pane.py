"""The left pane in a real browser: search, the list, the model picker."""

from __future__ import annotations

from typing import Any

import pytest

from kn_assets.database import Database
from tests.ui.asking import rows

pytestmark = pytest.mark.browser


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
