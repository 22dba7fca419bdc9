"""What was asked on demand, kept beside an atlas: the tables `asked_facts`, `asked_answers`, ...
and, of circuits, `asked_circuits`, ...

A file of each table of a group comes for each asking, under the lock that is held for a moment: no
run is waited for. That of the group's first table comes last and names the asking; rows of others
count only with it, so that a killed process leaves nothing that shows. A later asking of the same
fact replaces the earlier one. The tables are those of one set of weights, which their notes name:
where the atlas is of others, nothing of them shows, and the next asking begins them anew. So does
one that finds one of its group damaged.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from kn_assets.errors import KnError
from kn_assets.lake import commits, contents, fingerprint, locks
from kn_assets.lake.lake import Lake, Partition
from kn_assets.lake.parquet import TableFile
from kn_assets.lake.schema import ASKED, ASKED_CIRCUITS, Table

FACTS = "asked_facts"
LIKE = {
    "asked_answers": "fact_answers",
    "asked_attributions": "attributions",
    "asked_attribution_error": "attribution_error",
    "asked_neurons": "knowledge_neurons",
    "asked_interventions": "interventions",
    "asked_effects": "fact_effects",
    "asked_verdicts": "verdicts",
}
"""Table -> the stored one whose columns it has."""


@dataclass(frozen=True)
class Group:
    """Tables that one asking fills. first: the one that names it; like: each other one -> the name
    under which its rows come; tables: all.
    """

    first: str
    like: Mapping[str, str]
    tables: Mapping[str, Table]


OF_FACTS = Group(FACTS, LIKE, ASKED)
OF_CIRCUITS = Group(
    "asked_circuits", {"asked_units": "units", "asked_curves": "curves"}, ASKED_CIRCUITS
)
VERSION = 1  # raised when the same asking would give other rows


def own_id(*texts: str) -> int:
    """The fact_id of a sentence of one's own: below 0, the same for the same text and answer, and
    for the same contrast and its answer where it has one.
    """
    digest = hashlib.blake2b("\0".join(texts).encode(), digest_size=4).digest()
    return -1 - (int.from_bytes(digest) >> 1)


def fits(lake: Lake, atlas: Partition, table: str) -> bool:
    """Whether a table that is there is of the weights that the atlas is of."""
    note = lake.meta(atlas, table)
    return note is not None and note["fingerprint"] == identity(lake, atlas)


def identity(lake: Lake, atlas: Partition) -> str:
    """What the tables are of: the weights that the atlas is of."""
    weights = (lake.meta(atlas, "atlases") or {}).get("weights")
    return fingerprint.of_json([VERSION, weights])


def kept(lake: Lake, atlas: Partition, fact: int, fact_set: str) -> dict[str, Any] | None:
    """The row of `asked_facts` of a fact of this set; None where it wasn't asked, or of other
    weights. Raises KnError where the table is damaged.
    """
    import pyarrow.parquet as pq  # here, since the app's server does without

    if not fits(lake, atlas, FACTS):
        return None
    rows = []
    for file in lake.files(atlas, FACTS):
        rows += pq.read_table(file, filters=[("fact_id", "=", fact)], partitioning=None).to_pylist()
    ours = [row for row in rows if row["fact_set"] == fact_set]
    return max(ours, key=lambda row: row["asked_at"], default=None)


def keep(
    lake: Lake,
    atlas: Partition,
    fact: Mapping[str, Any],
    rows: Mapping[str, pa.Table],
    made_of: str,
    group: Group = OF_FACTS,
) -> str:
    """Put an asking into the tables of a group; gives its name.

    fact: the row of the first one without `run` and `asked_at`. rows: by the names of `like`, with
    more columns where a stored table has fewer; a table that is left out has none. made_of:
    `identity` when the asking began. Raises KnError where it is another now.
    """
    run = secrets.token_hex(8)
    told = {**fact, "run": run, "asked_at": datetime.now(UTC).isoformat(timespec="microseconds")}
    made = {}
    for name, like in group.like.items():
        if like in rows and len(rows[like]):
            named = rows[like].append_column("run", pa.array([run] * len(rows[like]), pa.string()))
            made[name] = named.select(group.tables[name].names)
    made[group.first] = pa.Table.from_pylist([told], schema=group.tables[group.first].schema)
    with locks.committing(lake.root):
        lake.check_room()
        if identity(lake, atlas) != made_of:
            raise KnError(f"the atlas {atlas.key} was made of other weights meanwhile: ask again")
        if any(not fits(lake, atlas, t) or lake.damage(atlas, t) for t in group.tables):
            _begin(lake, atlas, group)
        for name, table in made.items():
            _put(lake, atlas, name, table, f"fact-{fact['fact_id']}-{run}.parquet")
    return run


def _put(lake: Lake, atlas: Partition, name: str, rows: pa.Table, file_name: str) -> None:
    place = lake.table(atlas, name)
    fresh = place.with_name(f".new-{name}-of-a-fact")
    try:
        with TableFile(fresh, name) as file:
            file.write(rows)
        contents.add(place, fresh, file_name)
        fresh.replace(place / file_name)
    finally:
        fresh.unlink(missing_ok=True)


def _begin(lake: Lake, atlas: Partition, group: Group) -> None:
    """Begin all tables of a group anew, the first one first, by which all count."""
    whole = _whole(lake, atlas, group)
    for name in (group.first, *group.like):
        place = lake.table(atlas, name)
        fresh = place.with_name(f".new-{name}")
        commits.remove(fresh)
        fresh.mkdir(parents=True)
        for file_name in whole:
            if (place / file_name).exists():
                os.link(place / file_name, fresh / file_name)
        with TableFile(fresh / "part-0.parquet", name) as file:
            file.write(group.tables[name].schema.empty_table())
        note = {
            "table": name,
            "fingerprint": identity(lake, atlas),
            "rows": 0,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "lazy": True,  # files come to it one by one
            contents.FILES: contents.listed(fresh),
        }
        contents.write_note(fresh, note)
        commits.commit(fresh, place)


def _whole(lake: Lake, atlas: Partition, group: Group) -> set[str]:
    """Names of the files of askings of the atlas' weights, which are whole in every table."""
    found, spoilt = set(), set()
    for name in group.tables:
        place = lake.table(atlas, name)
        if not fits(lake, atlas, name):
            return set()
        noted = {**contents.added(place), **(lake.meta(atlas, name) or {}).get(contents.FILES, {})}
        files = {p.name for p in place.glob("fact-*.parquet")}
        found |= files
        for file_name in files | {n for n in noted if n.startswith("fact-")}:
            path = place / file_name
            if not path.exists() or noted.get(file_name) != contents.described(path):
                spoilt.add(file_name)
    return found - spoilt
