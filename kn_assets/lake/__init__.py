"""The lake: folders of Parquet tables, written atomically, with one schema for each table."""

from kn_assets.lake.lake import (
    RESERVE,
    Lake,
    Partition,
    corpus,
    damaged,
    model,
    outdated,
    said_plainly,
    write_text,
)

__all__ = [
    "RESERVE",
    "Lake",
    "Partition",
    "corpus",
    "damaged",
    "model",
    "outdated",
    "said_plainly",
    "write_text",
]
