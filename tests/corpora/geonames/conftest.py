from __future__ import annotations

import pyarrow as pa
import pytest

from kn_assets.corpora import geonames
from tests.corpora.geonames.package import PACKAGE, Described, undotted


@pytest.fixture(scope="session")
def cities() -> pa.Table:
    return geonames.cities()


@pytest.fixture(scope="session")
def described(cities: pa.Table) -> Described:
    """(package's row, row of `cities`, text) for every city."""
    rows = zip(cities.to_pylist(), geonames.prompts(cities).to_pylist(), strict=True)
    return [
        (
            PACKAGE[city["city_id"]],
            city | {"name": undotted(city["name"])},
            undotted(prompt["text"]),
        )
        for city, prompt in rows
    ]
