"""What a city is, by its metadata, as values that a neuron may mark: its country, its size, ..."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

LEAST = 3
"""Prompts a value must have to be tested."""

BANDS = (
    (0, "under 200,000"),
    (200_000, "200,000 to 500,000"),
    (500_000, "500,000 to 1 million"),
    (1_000_000, "1 to 5 million"),
    (5_000_000, "over 5 million"),
)
"""Population from which each band counts, and its name."""


@dataclass(frozen=True)
class Values:
    """Values of the attributes over the prompts.

    attributes, values: [v] names; member: float32 [prompts, v], 1 where the prompt has the value.
    """

    attributes: list[str]
    values: list[str]
    member: np.ndarray


def values_of(cities: list[dict[str, Any]], least: int = LEAST) -> Values:
    """Country, continent, capital or not, and population band of each prompt's city.

    cities: a row of `cities` for each prompt. Values of fewer than `least` prompts, or of all, say
    nothing and are left out.
    """
    attributes: list[str] = []
    values: list[str] = []
    columns: list[np.ndarray] = []
    for attribute, value_of in (
        ("country", lambda c: c["country"]),
        ("continent", lambda c: c["continent"]),
        ("capital", _capital),
        ("population", _band),
    ):
        told = np.array([value_of(city) or "" for city in cities])
        for value in sorted(set(told.tolist()) - {""}):
            column = told == value
            if least <= column.sum() < len(cities):
                attributes.append(attribute)
                values.append(value)
                columns.append(column)
    member = np.stack(columns, axis=1) if columns else np.zeros((len(cities), 0))
    return Values(attributes, values, member.astype(np.float32))


def _capital(city: dict[str, Any]) -> str | None:
    said = city["is_capital"]
    return None if said is None else "capital" if said else "no capital"


def _band(city: dict[str, Any]) -> str | None:
    population = city["population"]
    if population is None:
        return None
    return [name for least, name in BANDS if population >= least][-1]
