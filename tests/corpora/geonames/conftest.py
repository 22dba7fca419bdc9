import pytest

from kn_assets.corpora import geonames
from tests.corpora.geonames.package import PACKAGE, undotted


@pytest.fixture(scope="session")
def cities():
    return geonames.cities()


@pytest.fixture(scope="session")
def described(cities):
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
