"""What `kn doctor` finds in the lake: damaged tables, strays, prompts that aren't an atlas' own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kn_assets.cli.findings import Finding
from kn_assets.database import database
from kn_assets.lake import Lake, Partition
from kn_assets.lake.contents import FILES
from kn_assets.lake.lake import FAILED_CHECKS
from kn_assets.lake.partition import MENDED_BY_ASKING, command
from kn_assets.lake.schema import ALL, Kind
from kn_assets.progress import Progress, TerminalProgress

_KINDS: tuple[Kind, ...] = ("corpus", "model")


def contents(lake: Lake, deep: bool) -> Iterator[Finding]:
    """What of the lake isn't as it was written; one line where all is."""
    tables = [(p, t) for kind in _KINDS for p in lake.partitions(kind) for t in _tables(lake, p)]
    damaged = list(_damaged(lake, tables, deep))
    yield from damaged
    yield from _failed(lake, tables)
    untold = [t for t in tables if FILES not in (lake.meta(*t) or {FILES: None})]
    if (told := len(tables) - len(untold)) and not damaged:
        how = "by checksums" if deep else "by sizes (--deep: by checksums)"
        yield Finding(True, f"{told} tables of the lake are as they were written, {how}")
    if untold:
        yield Finding(
            True,
            f"{len(untold)} tables carry no list of their files, since an earlier version wrote "
            "them: damage to them shows by --deep alone, as far as rows are lost (`kn run --force` "
            "writes them anew)",
        )
    for stray in lake.strays():
        yield Finding(False, f"{stray} is no partition", "it is left alone: rename or remove it")
    yield from _of_other_prompts(lake)
    yield from _database(lake)
    yield from _store(lake)


def _tables(lake: Lake, partition: Partition) -> list[str]:
    names = [t.name for t in ALL.values() if t.kind == partition.kind]
    return [name for name in names if lake.table(partition, name).exists()]


def _damaged(lake: Lake, tables: list[tuple[Partition, str]], deep: bool) -> Iterator[Finding]:
    progress = TerminalProgress() if deep else Progress()
    total = sum(_bytes(lake.table(*table)) for table in tables) if deep else 0
    with progress.bar("checksums", total, "bytes") as bar:
        found = [
            (table, lake.verify(*table, bar.advance) if deep else lake.damage(*table))
            for table in tables
        ]
    for (partition, name), what in found:
        if what:
            yield Finding(
                False,
                f"table {name} of {partition.key} in the lake is damaged ({what})",
                MENDED_BY_ASKING.get(name, f"`{command(name)}` makes it again"),
            )


def _failed(lake: Lake, tables: list[tuple[Partition, str]]) -> Iterator[Finding]:
    for partition, name in tables:
        if failed := (lake.meta(partition, name) or {}).get(FAILED_CHECKS):
            yield Finding(
                False,
                f"{name} of {partition.key} failed its checks: {', '.join(failed)}",
                f"`{command(name)}` makes it again",
            )


def _bytes(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.glob("*.parquet"))


def _of_other_prompts(lake: Lake) -> Iterator[Finding]:
    for atlas in lake.partitions("model"):
        note = lake.meta(atlas, "atlases") or {}
        if not note.get("corpus") or not note.get("prompts"):
            continue
        prompts = lake.meta(Partition("corpus", note["corpus"]), "prompts")
        if prompts and prompts["fingerprint"] != note["prompts"]:
            yield Finding(
                False,
                f"atlas {atlas.key} was made of other prompts than {note['corpus']} has now",
                "texts shown with it may not be its own: `kn run` makes it again",
            )


def _database(lake: Lake) -> Iterator[Finding]:
    if lake.partitions("corpus") or lake.partitions("model"):
        database.keep_own(lake)
        yield Finding(
            database.is_own(lake),
            f"{lake.database}, for DuckDB 2.0 or newer",
            "it isn't this lake's, and can't be written: make the folder writable",
        )


def _store(lake: Lake) -> Iterator[Finding]:
    from kn_assets.launch.store import damage

    if what := damage(lake.root / "dagster"):
        yield Finding(
            False, f"Dagster's store is damaged ({what})", "the next `kn run` sets it aside"
        )
