"""The Dagster code location: every table of the lake as an asset, and what the assets are given."""

from pathlib import Path

import dagster as dg

from kn_assets.defs.resources import resources


@dg.definitions
def defs() -> dg.Definitions:
    """Assets from `defs/`, resources with their defaults."""
    found = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    return dg.Definitions.merge(found, dg.Definitions(resources=resources()))
