"""The tab Circuit in a browser: two actions tell what carries a fact, and if it is the fact."""

from __future__ import annotations

import pytest

from kn_assets.database.database import Database
from tests.ui.screen import Screen
from ui.circuit import view
from ui.rows import Answer

pytestmark = pytest.mark.browser

FACT = 40  # the currency of Japan


def opened(screen: Screen, **address: object) -> Screen:
    screen.open(model="tiny", tab="circuit", **address)
    screen.until("document.querySelector('.kn-units .kn-node')")
    screen.settled()
    return screen


def test_two_actions_answer_what_carries_the_fact(page: Screen, data: Database) -> None:
    page.open(model="tiny", tab="knowledge", fact=FACT)
    page.settled()
    page.tab("Circuit")  # the first action: the fact of Knowledge is shown here
    page.until("document.querySelector('.kn-units .kn-node')")
    answer = view.circuit(data, "tiny", FACT, "all")
    assert page.page.locator(".kn-units .kn-node").count() == len(answer["units"])
    assert page.page.locator("[data-kn=circuit] h2").inner_text() == "Japan → yen"
    # The second: another number of units.
    page.page.get_by_role("slider", name="Units").press("ArrowRight")
    page.until("document.querySelector('.kn-units-slider output').textContent === '100 units'")
    page.settled()
    assert page.address("units") == "100"
    shares = {
        row["prompt_fact_id"]: f"{round(100 * row['share'])} %"
        for row in answer["curves"]
        if (row["condition"], row["measure"], row["n_units"]) == ("circuit", "lost", 100)
    }
    said = page.page.locator(".kn-judged").inner_text()
    (other,) = answer["others"]
    assert f"100 units lose {shares.pop(FACT)} of the logit difference" in said
    assert f"lose {shares[other['fact_id']]} of Japan's capital ({other['object']})" in said


def test_units_beyond_are_faint(page: Screen, data: Database) -> None:
    opened(page, fact=FACT, units=3)
    units = view.circuit(data, "tiny", FACT, "all")["units"]
    beyond = [u for u in units if u["kind"] == "neuron" and (u["rank"] or 999) > 3]
    assert page.page.locator(".kn-units .kn-beyond").count() == len(beyond)


def test_a_unit_opens_its_neuron_from_the_picture_and_the_table(page: Screen) -> None:
    opened(page, fact=FACT)
    line = page.page.locator(".kn-circuit-units tr[data-node]").nth(4)
    node = line.get_attribute("data-node") or ""
    layer, neuron, _ = node[1:].split(".")
    line.get_by_role("button").click()
    page.settled()
    assert (page.address("node"), page.address("layer"), page.address("neuron")) == (
        *(node, layer, neuron),
    )
    title = page.page.locator("#kn-circuit [data-kn=neuron] h2")
    assert title.inner_text() == f"Layer {layer} · neuron {neuron}"
    assert page.page.locator(".kn-node[aria-pressed=true]").count() >= 1
    page.page.locator(".kn-node[tabindex='0']").focus()
    page.page.keyboard.press("ArrowDown")
    page.page.keyboard.press("Enter")
    page.settled()
    moved = page.page.evaluate("document.activeElement.getAttribute('aria-label')")
    kind, number = moved.split(" · ")[1].split(" ")[:2]
    assert (page.address("node") or "").startswith(kind[0])
    assert f".{number}." in (page.address("node") or "")


def test_edges_are_between_shown_units_and_heads_tell_from_where(
    page: Screen, data: Database
) -> None:
    opened(page, fact=FACT, units=3)
    answer = view.circuit(data, "tiny", FACT, "all")
    ranks = {
        (u["kind"], u["layer"], u["unit"], u["position"]): u["rank"] or 999
        for u in answer["units"]
        if u["kind"] == "neuron"
    }

    def shown(edge: Answer, end: str) -> bool:
        key = tuple(edge[f"{end}_{name}"] for name in ("kind", "layer", "unit", "position"))
        return key[0] != "neuron" or ranks[key] <= 3

    wanted = [e for e in answer["edges"] if shown(e, "earlier") and shown(e, "later")]
    assert 0 < len(wanted) < len(answer["edges"])
    assert page.page.locator(".kn-units .kn-edge").count() == len(answer["edges"])
    assert page.page.locator(".kn-units .kn-edge:not(.kn-hidden)").count() == len(wanted)
    line = page.page.locator("[data-kn=cheads] tr[data-head]").first
    node = line.get_attribute("data-head") or ""
    line.get_by_role("button").click()
    page.settled()
    assert page.address("node") == node
    layer, head, at = (int(x) for x in node[1:].split("."))
    of = {(h["layer"], h["head"], h["position"]): h for h in answer["heads"]}
    one = of[layer, head, at]
    rows = page.page.locator(".kn-head-sources tbody tr")
    assert rows.count() == min(6, len(one["sources"]))
    assert f"Layer {layer}".lower() in page.page.locator(".kn-head-sources h3").inner_text().lower()
    assert page.page.locator(f".kn-arc[data-head='{node}']").count() <= 1
    assert page.page.locator(".kn-arc").count() > 0


def test_knowledge_names_the_neurons_of_a_circuit_what_they_are(page: Screen) -> None:
    page.open(model="tiny", tab="knowledge", fact=FACT)
    page.settled()
    page.page.get_by_role("group", name="Which neurons").get_by_role(
        "button", name="at their tokens"
    ).click()
    page.until("document.querySelector('.kn-dots [data-condition=circuit]')")
    named = page.page.locator("[data-condition=circuit] th")
    assert set(named.all_inner_texts()) == {"circuit's neurons"}
    assert page.page.locator("[data-condition=knowledge_neurons]").count() == 0


def test_a_fact_without_a_circuit_says_why(page: Screen, data: Database) -> None:
    page.open(model="tiny", tab="circuit", fact=1)
    page.page.locator("#kn-circuit .kn-message").wait_for()
    page.settled()
    why = view.circuit(data, "tiny", 1, "all")["missing"]
    assert page.page.locator("#kn-circuit .kn-message").inner_text() == why.replace("`", "")
    assert not page.page.locator(".kn-judged").is_visible()


def test_the_specific_circuit_is_in_the_address(page: Screen) -> None:
    opened(page, fact=FACT)
    page.page.get_by_role("button", name="specific", exact=True).click()
    page.settled()
    assert page.address("circuit") == "specific"
    page.until("document.querySelector('tr[data-condition=specific]')")


@pytest.mark.parametrize("width", [1440, 1280, 400])
def test_nothing_scrolls_sideways(page: Screen, width: int) -> None:
    page.page.set_viewport_size({"width": width, "height": 800})
    opened(page, fact=FACT)
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
