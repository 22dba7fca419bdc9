"""The right pane in a real browser: what a neuron is, what fires it, what attention weights."""

from __future__ import annotations

from typing import Any

import pytest

from kn_assets.database.database import Database
from tests.ui.asking import TITLES, busy, click_cell, rows, show_product

pytestmark = pytest.mark.browser


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
    show_product(screen)
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


def test_where_no_neuron_is_chosen_the_pane_is_empty(screen: Any) -> None:
    screen.open(model="tiny", prompt=2)
    pane = screen.page.locator("[data-kn=neuron]:visible")
    pane.locator(".kn-open").first.wait_for()
    screen.page.evaluate("() => kn.go({layer: null, neuron: null})")
    screen.settled("document.querySelector('[data-kn=neuron] h2').textContent === 'Neuron'")
    assert not pane.locator(".kn-open, .kn-error").count()
    screen.page.evaluate("() => kn.go({layer: 1, neuron: 4})")
    screen.settled("kn.neuron?.card?.neuron === 4")
    assert pane.locator(".kn-card").is_visible()


def test_attention_follows_the_slider_and_sums(screen: Any, database: Database) -> None:
    layer, neuron = busy(database, 2)
    screen.open(model="tiny", prompt=2, token=9, layer=layer, neuron=neuron)
    show_product(screen)
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


def test_a_neuron_is_told_by_its_facts_and_a_sample_of_the_rest(
    screen: Any, database: Database
) -> None:
    layer, neuron = busy(database, 2)
    screen.open(model="tiny", prompt=2, token=5, layer=layer, neuron=neuron)
    pane = screen.page.locator("[data-kn=neuron]:visible")
    ((n_fired, rate, promoted, suppressed),) = rows(
        database,
        "SELECT n_fired, firing_rate, promoted, suppressed FROM neuron_card('tiny', $1, $2)",
        layer,
        neuron,
    )
    facts = pane.locator(".kn-card").inner_text()
    assert f"{n_fired} times" in facts
    assert f"{100 * rate:.1f} % of tokens" in facts
    chips = screen.page.evaluate("kn.neuron.vocabulary")
    assert [w["token"] for w in chips["promotes"]] == promoted[:8]
    assert [w["token"] for w in chips["suppresses"]] == suppressed[:8]
    countries = rows(
        database,
        "SELECT value, share, corpus_share FROM neuron_lift('tiny', $1, $2) "
        "WHERE attribute = 'country' AND lift_low > 1 AND n_both >= 2 LIMIT 4",
        layer,
        neuron,
    )
    assert ("no country beyond chance" in facts) == (not countries)
    for country, share, corpus in countries:
        assert f"{country} {100 * share:.1f} % of all {100 * corpus:.1f} %" in facts
    examples = rows(
        database,
        "SELECT sampled, name, prompt_id FROM neuron_examples('tiny', $1, $2, 10, 6) ORDER BY rank",
        layer,
        neuron,
    )
    assert {drawn for drawn, *_ in examples} == {False, True}
    first = next(prompt for drawn, _, prompt in examples if not drawn)
    for drawn in (False, True):
        section = pane.locator(".kn-two section").nth(int(drawn))
        names = section.locator(".kn-open b").all_inner_texts()
        assert names == [name for was, name, _ in examples if was is drawn]
    prose = pane.locator(".kn-example").first.locator(".kn-prose")
    titles = prose.locator(".kn-token").evaluate_all(TITLES)
    assert sum("its peak" in title for title in titles) == 1
    assert all(title.startswith("activation ") for title in titles)
    assert prose.get_attribute("title") == "below the threshold"  # of the others
    ((words,),) = rows(
        database,
        "SELECT string_agg(token, '' ORDER BY position) FROM prompt_tokens('tiny', $1)",
        first,
    )
    assert prose.inner_text().split() == words.split()
