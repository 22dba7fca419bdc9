"""Interventions on all prompts of a fact and on one."""

from __future__ import annotations

import statistics

import pytest

from kn_assets.lake import Lake
from tests.ui.knowledge.page import FACT, opened, percent, read
from tests.ui.screen import Screen

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("kind", "button"), [("suppress", "suppress ×0"), ("amplify", "amplify ×2")]
)
def test_neurons_are_changed_with_a_click_beside_their_controls(
    page: Screen, told: Lake, kind: str, button: str
) -> None:
    opened(page)
    page.page.get_by_role("button", name=button).click()
    rows = page.page.locator(".kn-change tbody tr[data-condition]")
    conditions = rows.evaluate_all("all => all.map(r => r.dataset.condition)")
    controls = ["random", "activation_matched", "other_fact", "same_subject"]
    assert conditions == ["knowledge_neurons", *controls]
    for i, condition in enumerate(conditions):
        stored = read(told, "interventions", fact_id=FACT, kind=kind, condition=condition)
        before = statistics.mean(r["probability_before"] for r in stored)
        after = statistics.mean(r["probability_after"] for r in stored)
        cells = rows.nth(i).locator("td").all_inner_texts()
        assert float(cells[0]) == pytest.approx(before, abs=6e-4)
        assert float(cells[1]) == pytest.approx(after, abs=6e-4)
        assert percent(cells[2]) == pytest.approx(100 * (after / before - 1), abs=0.51)
    assert "95 % intervals" in page.page.locator(".kn-relation").inner_text()
    # as dots with intervals, and the verdicts in words
    dots = page.page.locator(".kn-dots tbody tr")
    effects = {e["condition"]: e for e in read(told, "fact_effects", fact_id=FACT, kind=kind)}
    assert dots.evaluate_all("all => all.map(r => r.dataset.condition)") == conditions
    for i, condition in enumerate(conditions):
        shown = dots.nth(i).locator("b").inner_text().replace("−", "-")
        assert float(shown) == pytest.approx(effects[condition]["log_odds"], abs=6e-3)
    lines = page.page.locator(".kn-verdict-line").all_inner_texts()
    judged = read(told, "verdicts", fact_id=FACT, kind=kind)
    assert len(lines) == len(judged) == 2
    for verdict in judged:
        assert any(verdict["sentence"] in line for line in lines)


def test_one_prompt_is_picked(page: Screen, told: Lake) -> None:
    opened(page)
    page.page.locator(".kn-fact-prompts tbody tr").nth(3).click()
    (stored,) = read(
        told,
        "interventions",
        fact_id=FACT,
        kind="suppress",
        condition="knowledge_neurons",
        prompt=2,
    )
    cells = page.page.locator(".kn-claim td").all_inner_texts()
    assert float(cells[0]) == pytest.approx(stored["probability_before"], abs=6e-4)
    assert cells[3] == f"{stored['rank_before']} → {stored['rank_after']}"
    shown = page.page.locator(".kn-change").nth(1).locator("tbody tr")
    for i, name in ((0, "top_before"), (1, "top_after")):
        chips = shown.nth(i).locator(".kn-chip").all_text_contents()
        expected = page.page.evaluate("list => list.map(t => kn.quoted(t))", stored[name])
        assert chips == expected
