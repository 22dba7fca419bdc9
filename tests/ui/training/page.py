"""The tab Training in a browser: how it is opened, and where it tells what."""

from __future__ import annotations

from typing import Any

from kn_assets import lake as lakes
from tests.ui.screen import Screen

STEPS = (0, 1, 8, 64, 512)
FACT = 0
PROMPT = {"prompt": 3, "token": 5, "layer": 2, "neuron": 7}


def at(step: int) -> lakes.Partition:
    return lakes.model(f"tiny@step{step}")


def opened(screen: Screen, step: int = 8, **address: object) -> Screen:
    screen.open(model=f"tiny@step{step}", tab="training", **PROMPT, **address)
    screen.until("document.documentElement.dataset.knTraining === 'tiny'")
    screen.until("document.querySelector('.kn-fact-title b')")
    return screen


def chart(screen: Screen, title: str) -> Any:
    return screen.page.locator("figure.kn-chart").filter(
        has=screen.page.locator(".kn-chart-title", has_text=title)
    )


def reading(screen: Screen, title: str, name: str) -> str:
    line = chart(screen, title).locator(".kn-reading").filter(has_text=name)
    return str(line.locator("b").inner_text())
