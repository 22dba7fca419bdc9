"""The README's pictures, taken from the atlases of a lake: `python -m tests.ui.screenshots`.

Those of Explore, Map and SQL are of the atlas that `kn demo` opens with, those of Knowledge and
Training of the small model that it trains. A picture whose atlas isn't there is left as it was.

They show a neuron that promotes " US" and " American", in a prompt that asks for the capital of the
United States.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kn_assets.bench.ui.page import HOOK
from kn_assets.lake import Lake
from tests.ui.conftest import CHROMIUM, FLAGS
from tests.ui.screen import Screen

DOCS = Path(__file__).parents[2] / "docs"
MODEL = "smollm2-135m"
PROMPT = {"model": MODEL, "prompt": 260, "token": 12, "layer": 26, "neuron": 935}
STEP = "geo-gpt2-small@step400"
FACT = 0  # Shanghai is in China
QUERY = f"FROM neurons_for_country('{MODEL}', 'United States', 30)"


def explorer(screen: Screen) -> None:
    screen.open(**PROMPT)
    assert screen.page.locator("[data-kn=prompt] h2").inner_text() == "Brooklyn"
    assert " US" in screen.page.evaluate("kn.neuron.vocabulary.promotes[0].token")
    screen.page.get_by_role("combobox", name="Search").fill("united states")
    screen.until("kn.state.prompt && document.querySelector('#kn-list [aria-selected=true]')")
    of_target = "kn.target.data?.lensRank && document.body.textContent.includes('own stream')"
    screen.page.wait_for_function(of_target, timeout=120_000)  # a model is loaded first


def drawn(screen: Screen) -> None:
    screen.open(**PROMPT, tab="map", find="United States")
    screen.until("document.documentElement.dataset.knMap === 'neurons'")
    screen.page.locator(".kn-selection .kn-members").wait_for()


def asked(screen: Screen) -> None:
    screen.open(**PROMPT, tab="sql", query=QUERY)
    screen.page.locator(".kn-result tbody tr").first.wait_for()
    screen.page.locator(".kn-ask").first.wait_for()


def knowledge(screen: Screen) -> None:
    screen.open(model=STEP, tab="knowledge", fact=FACT)
    screen.page.locator(".kn-claim").wait_for()
    screen.page.locator("[data-kn=facts] [role=option]").first.wait_for()
    screen.page.locator(".kn-neuron.kn-in-set").first.click()
    screen.page.locator(".kn-shared-fact").first.wait_for()
    screen.page.mouse.move(5, 5)


def training(screen: Screen) -> None:
    screen.open(model=STEP, tab="training", fact=FACT)
    screen.page.locator(".kn-checkpoints tbody tr").first.wait_for()
    screen.until("document.documentElement.dataset.knStepMap")
    screen.page.locator(".kn-fact-title b").first.wait_for()


SHOTS = {
    "explorer": (explorer, MODEL, 900),
    "map": (drawn, MODEL, 900),
    "sql": (asked, MODEL, 900),
    "knowledge": (knowledge, STEP, 1000),
    "training": (training, STEP, 1720),
}
"""What shows it, the atlas it needs, and the picture's height."""


def main(lake: Lake, folder: Path) -> None:
    """Save each picture as FOLDER/NAME.png, 1440 wide, light."""
    from playwright.sync_api import sync_playwright

    from ui.serve import launch_for_tests

    url, close = launch_for_tests(lake)
    with sync_playwright() as playwright:
        browser: Any = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        held = {partition.key for partition in lake.partitions("model")}
        for name, (show, model, height) in SHOTS.items():
            if model not in held:
                print(f"no {name}.png: there is no atlas of {model}")
                continue
            size = {"width": 1440, "height": height}
            page = browser.new_page(viewport=size, color_scheme="light")
            page.add_init_script(HOOK)
            screen = Screen(page, url)
            show(screen)
            screen.settled()
            page.wait_for_timeout(500)  # what fades in
            assert not screen.faults
            page.screenshot(path=folder / f"{name}.png")
            page.close()
        browser.close()
    close()


if __name__ == "__main__":
    main(Lake(), DOCS)
