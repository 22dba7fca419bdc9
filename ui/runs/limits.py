"""What live runs may take: on one's own machine much, on an app that others can reach little."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LiveLimits:
    """What a person's runs may take.

    `tokens`: of a run (None: as many as the model reads); `characters`: of a text; `seconds`: of a
    run with loading the model; `waiting`: runs queued at most; `a_minute`: runs of one person;
    `looks`: lenses and heads of one person a minute; `each`: what one person may have waiting or
    running; `keeps`: whether facts asked on demand are kept in the lake.
    """

    tokens: int | None = None
    characters: int = 200_000
    seconds: float = 1800.0
    waiting: int = 20
    a_minute: int = 600
    looks: int = 6_000
    each: int = 1_000
    keeps: bool = True


LIVE_ALONE = LiveLimits()
"""For a person on their own machine."""
LIVE_SHARED = LiveLimits(
    tokens=256,
    characters=4_000,
    seconds=60.0,
    waiting=20,
    a_minute=6,
    looks=20,
    each=4,
    keeps=False,
)
"""For an app that others can reach."""
