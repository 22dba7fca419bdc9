"""What a question of the page may use: database, SQL and live runs within limits, atlases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kn_assets.database.database import Database, Stamp
from kn_assets.lake import Lake
from ui.rows import Answer, atlases
from ui.runs import live
from ui.runs.asked import AskedFacts
from ui.runs.few import Few
from ui.runs.limits import LIVE_ALONE, LiveLimits
from ui.runs.live import Live
from ui.runs.queue import Queue
from ui.runs.sql import ALONE, Limits, SqlTab

if TYPE_CHECKING:
    from ui.page.making import Making


class Context:
    """One app's means over one lake; safe to use from many threads. `close` it at the end.

    making: what makes things on its owner's wish; None where others may reach the app. shared:
    whether strangers may, who are told no path of the machine.
    """

    def __init__(
        self,
        lake: Lake,
        limits: Limits = ALONE,
        live_limits: LiveLimits = LIVE_ALONE,
        making: Making | None = None,
        shared: bool = False,
    ) -> None:
        self.making = making
        self.shared = shared
        self.database = Database(lake)
        self.sql = SqlTab(lake, limits)
        self.live = Live(lake, live_limits)
        self.selections = Few("selections", at_once=2, waiting=4)
        self.asked = AskedFacts(lake, self.database, self.live)
        self.queue = Queue({live.LANE: self.live.lane, **self.sql.lanes})
        self._atlases: tuple[Stamp, list[Answer]] | None = None

    def atlases(self) -> list[Answer]:
        """The lake's atlases with their sizes, read again when a table was written."""
        self.database.look()
        stamp, kept = self.database.stamp, self._atlases
        if kept is None or kept[0] != stamp:
            self._atlases = kept = stamp, atlases(self.database)
        return kept[1]

    def note_use(self) -> None:
        """Somebody asks: what is made meanwhile stands aside, and the lake is looked at."""
        if self.making is not None:
            self.making.stand_aside()
        self.database.look()

    def close(self) -> None:
        """End the processes that do the longer work."""
        self.queue.close()
        self.sql.close()
        self.live.close()
