"""The raw pages: fetched once, kept compressed, fetched again only where Wikipedia changed them.

The table `pages` is the cache. A run appends each page to a journal as it arrives and turns the
journal into the table at its end, so that a run killed at any moment goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from kn_assets.corpora.wikipedia.html import document
from kn_assets.corpora.wikipedia.html.text import describe
from kn_assets.corpora.wikipedia.http import api, journal
from kn_assets.corpora.wikipedia.http.client import Client, unreachable
from kn_assets.corpora.wikipedia.http.exchange import Failed
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.lake.parquet import parquet_writer
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Progress

_GIVE_UP_AFTER = 10
"""Pages in a row which the network failed, or the site refused, before a run gives up."""
_REFUSED = frozenset({401, 403, 429})
_ROWS_AT_ONCE = 200
Row = dict[str, Any]


@dataclass
class Summary:
    """How a run went. `outcomes` counts pages `fetched`, `unchanged`, `resumed` and `failed`."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    total: int = 0
    seconds: float = 0.0

    @property
    def failed_share(self) -> float:
        """Share of the cities whose page isn't to be had."""
        return len(self.failures) / self.total if self.total else 0.0


def fetch_pages(
    lake: Lake,
    partition: Partition,
    cities: pa.Table,
    client: Client,
    progress: Progress,
) -> Summary:
    """Bring the table `pages` up to date with `cities` (columns city_id and url).

    Pages of an interrupted run aren't fetched again; those of a finished run are where their
    revision changed; failed ones always are. Pages of other cities stay in the table.
    Raises KnError where the network is gone or the disk is full; what is fetched is kept.
    """
    started = time.monotonic()
    lake.recover()
    folder = lake.work(partition, "pages")
    wanted = dict(zip(cities["url"].to_pylist(), cities["city_id"].to_pylist(), strict=True))
    summary = Summary(total=len(wanted))
    journaled = {
        url
        for batch in journal.batches(folder)
        for url, kept in zip(batch["url"].to_pylist(), batch["html"].is_valid(), strict=True)
        if kept.as_py()
    }
    stored = {
        r["url"]: r["revision"]
        for r in _stored(lake, partition, ["url", "revision", "status", "reason"])
        if r["status"] == 200 and not (r["reason"] or "").startswith(FAILED)
    }
    client.check()
    resumed = [u for u in wanted if u in journaled]
    old = [u for u in wanted if u in stored and u not in journaled]
    changed = _changed({u: stored[u] for u in old}, client, progress)
    summary.outcomes["resumed"] = len(resumed)
    summary.outcomes["unchanged"] = len(old) - len(changed)
    have = {*resumed, *old} - changed
    todo = [u for u in wanted if u not in have]
    if todo:
        with (
            journal.Journal(folder) as pages,
            progress.bar("pages", len(wanted), "pages", done=len(have)) as bar,
            contextlib.closing(_fetch_all(todo, client)) as rows,
        ):
            for row in rows:
                pages.append({**row, "city_id": wanted[row["url"]]})
                failed = row["html"] is None
                summary.outcomes["failed" if failed else "fetched"] += 1
                bar.advance()
                if failed:
                    bar.note(f"{summary.outcomes['failed']} failed")
    _compact(lake, partition, wanted, client.settings.base_url)
    for row in _stored(lake, partition, ["url", "reason"]):
        if row["url"] in wanted and (row["reason"] or "").startswith(FAILED):
            summary.failures[row["url"]] = row["reason"].removeprefix(FAILED)
    summary.seconds = time.monotonic() - started
    return summary


FAILED = "failed: "
"""Start of the reason of a page that couldn't be had, as opposed to one without a description."""


def _changed(stored: dict[str, int | None], client: Client, progress: Progress) -> set[str]:
    """Those of the stored addresses whose page has another revision by now."""
    if not stored:
        return set()
    titles = {u: document.title_of(u) for u in stored}
    try:
        known = api.info(client, titles.values())
    except Failed as e:
        if e.unreachable:
            raise KnError(unreachable(client.settings.base_url, str(e))) from e
        progress.say(f"can't query revisions ({e}): stored pages are used as they are")
        return set()
    told = {u: known.get(t) for u, t in titles.items()}
    return {
        u
        for u, info in told.items()
        if info is not None and not info.missing and info.revision != stored[u]
    }


def _fetch_all(urls: Iterable[str], client: Client) -> Generator[Row, None, None]:
    """Fetch addresses with a few threads; rows come as they are done.

    Raises KnError after many pages in a row that the network failed or the site refused.
    """
    waiting = iter(urls)
    lost = 0
    with ThreadPoolExecutor(client.settings.concurrency) as pool:
        running: set[Future[tuple[Row, bool]]] = set()
        try:
            while True:
                while len(running) < client.settings.concurrency and (url := next(waiting, None)):
                    running.add(pool.submit(_fetch, url, client))
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    row, unreached = future.result()
                    lost = lost + 1 if unreached or row["status"] in _REFUSED else 0
                    if lost >= _GIVE_UP_AFTER:
                        raise _given_up(client.settings.base_url, row, unreached)
                    yield row
        finally:
            # Where the run ends early, threads that wait for their turn or a retry are let go.
            client.stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)
            client.stopped.clear()


def _given_up(base_url: str, row: Row, unreached: bool) -> KnError:
    reason = row["reason"].removeprefix(FAILED)
    if unreached:
        return KnError(unreachable(base_url, reason))
    return KnError(
        f"{base_url} rejects every request ({reason}): wait an hour or lower --rate, check "
        "--contact, then rerun the same command to resume"
    )


def _fetch(url: str, client: Client) -> tuple[Row, bool]:
    """One page as a row of the table but for its city, and whether the network failed."""
    row: Row = {"url": url, "fetched_at": datetime.now(UTC), "status": 0}
    try:
        answer = client.page(url)
    except Failed as e:
        row |= {"status": e.status, "reason": FAILED + str(e), "html": None}
        return row, e.unreachable
    told = describe(answer.html, title=document.title_of(answer.final_url))
    row |= {
        "title": told.title,
        "final_url": answer.final_url,
        "revision": document.revision(answer.html),
        "status": answer.status,
        "reason": told.reason,
        "html": pack(answer.html),
        "licence": document.licence(answer.html),
    }
    return row, False


def _compact(lake: Lake, partition: Partition, wanted: dict[str, int], source: str) -> None:
    """Merge the journal into the table: a page beats an older page, a failure beats no page."""
    folder = lake.work(partition, "pages")
    new = list(journal.batches(folder))
    had = lake.meta(partition, "pages") is not None
    if not new and had:
        return
    schema = TABLES["pages"].schema  # Parquet has no seconds: what comes back is in milliseconds
    old = lake.read(partition, "pages").cast(schema).to_batches() if had else []
    # Single rows are slices of what is mapped or read already: no page is copied to be sorted.
    rows = [batch.slice(i, 1) for batch in [*old, *new] for i in range(batch.num_rows)]
    newest: dict[str, pa.RecordBatch] = {}
    for row in rows:
        url = row["url"][0].as_py()
        if url not in newest or row["html"][0].is_valid or not newest[url]["html"][0].is_valid:
            newest[url] = row
    taken = set(wanted.values())
    ids = {url: wanted.get(url, row["city_id"][0].as_py()) for url, row in newest.items()}
    # Where the list has changed, a city of now has the place of a city that is gone.
    order = sorted((u for u in ids if u in wanted or ids[u] not in taken), key=ids.__getitem__)
    with (
        lake.replacing(partition, "pages", fingerprint=source) as fresh,
        parquet_writer(fresh / "part-0.parquet", "pages") as writer,
    ):
        for start in range(0, len(order), _ROWS_AT_ONCE):
            some = order[start : start + _ROWS_AT_ONCE]
            table = pa.Table.from_batches([newest[u] for u in some], schema)
            places = pa.array([ids[u] for u in some], pa.int64())
            writer.write_table(table.set_column(0, table.schema.field(0), places))
    journal.clear(folder)


def _stored(lake: Lake, partition: Partition, columns: list[str] | None = None) -> Iterator[Row]:
    """The rows of the table as it is, none where there is no table."""
    if lake.meta(partition, "pages") is None:
        return
    for batch in lake.read(partition, "pages", columns).to_batches():
        yield from batch.to_pylist()


def pack(html: bytes) -> bytes:
    """Compress a page for the table."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(html)
    return sink.getvalue().to_pybytes()


def unpack(packed: bytes) -> bytes:
    """The page that `pack` compressed."""
    return bytes(pa.CompressedInputStream(pa.BufferReader(packed), "zstd").read())
