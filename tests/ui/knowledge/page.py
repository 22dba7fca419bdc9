"""The tab Knowledge in a browser: how it is opened, and what its tables hold."""

from __future__ import annotations

from typing import Any

from kn_assets import lake as lakes
from kn_assets.lake import Lake
from tests.ui.screen import Screen

MODEL = "tiny"
FACT = 0
SHAPE: dict[str, Any] = {"n_prompts": 12, "n_layers": 4, "n_neurons": 30, "density": 0.12}


def read(lake: Lake, table: str, **where: Any) -> list[dict[str, Any]]:
    rows = lake.read(lakes.model(MODEL), table).to_pylist()
    return [r for r in rows if all(r[k] == v for k, v in where.items())]


def opened(screen: Screen, fact: object = FACT, **address: object) -> Screen:
    screen.open(model=MODEL, tab="knowledge", fact=fact, **address)
    screen.until("document.querySelector('.kn-neuron')")
    screen.until("document.querySelector('.kn-claim')")
    return screen


def percent(text: str) -> float:
    return float(text.split(" %", maxsplit=1)[0].replace("−", "-").replace(",", ""))
