"""What all assets have in common: spec, blocking checks, and what is told about the table."""

import base64
from collections.abc import Iterable
from typing import Any

import dagster as dg

from kn_assets import checks, plots
from kn_assets.database import database
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import ALL


def spec(table: str, group: str, kinds: set[str], **given: Any) -> dg.AssetSpec:
    """The asset of a table: its meaning and columns come from the schema."""
    meaning = ALL[table]
    columns = [
        dg.TableColumn(c.name, str(c.type), description=c.meaning or None) for c in meaning.columns
    ]
    return dg.AssetSpec(
        table,
        description=meaning.meaning,
        group_name=group,
        kinds={"parquet", *kinds},
        owners=["team:knowledge-neurons"],
        metadata={"dagster/column_schema": dg.TableSchema(columns)},
        **given,
    )


def check_specs(tables: Iterable[str]) -> list[dg.AssetCheckSpec]:
    """The checks of some tables: what fails one is not built upon."""
    return [
        dg.AssetCheckSpec(name, asset=table, blocking=True)
        for table in tables
        for name in checks.names(table)
    ]


def told(
    lake: Lake, partition: Partition, table: str, more: dict[str, Any] | None = None
) -> dg.MaterializeResult:
    """Check a table that was just written, and show it: rows, bytes, first rows, a picture."""
    database.build(lake)
    meta = lake.meta(partition, table)
    assert meta is not None
    size = sum(f.stat().st_size for f in lake.files(partition, table))
    metadata: dict[str, Any] = {
        "dagster/row_count": meta["rows"],
        "bytes": size,
        "fingerprint": meta["fingerprint"],
        "preview": dg.MetadataValue.md(plots.preview(lake, partition, table)),
        **(more or {}),
    }
    found = checks.run(lake, partition, table)
    # A table that fails its checks may hold what can't be drawn.
    picture = plots.plot(lake, partition, table) if all(o.passed for o in found) else None
    if picture is not None:
        encoded = base64.b64encode(picture).decode()
        metadata["plot"] = dg.MetadataValue.md(f"![{table}](data:image/png;base64,{encoded})")
    outcomes = [
        dg.AssetCheckResult(
            passed=outcome.passed,
            check_name=outcome.name,
            asset_key=table,
            metadata={"detail": outcome.detail, **outcome.metadata},
        )
        for outcome in found
    ]
    return dg.MaterializeResult(asset_key=table, metadata=metadata, check_results=outcomes)
