"""What is true of many points of a cluster and of few others.

A term is something that a point has or hasn't: a neuron often fires after a phrase, a prompt is
about a country. Of each cluster and term there are the share of its points that have it and that of
all others. Terms are ordered by the information that having one gives on being in the cluster (the
mutual information of the two): much here and little elsewhere, where neither share would do alone.
What so many terms might reach by chance is no claim. Patterns of the corpus come after all else:
they say how prompts are built, and would hide what prompts are about.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

ERROR = 0.01  # chance of a claim on a cluster of points at random
_LIFT = 3.0  # a claim's term is that many times as common as elsewhere ...
_LIFT_OF_MOST = 1.5  # ... or that many, where at least half of the points have it
_LEAST = 0.1  # share of the points that have a claim's term, ...
_SECOND = 0.05  # ... of a second one, which others than the first may have
PATTERN = "pattern"  # ends the kind of a term that is a pattern of the corpus
_GAIN = 1.15  # of information, by a second one
_NEARLY = 0.9  # of the information of a phrase, by a longer one
_TRIED = 60  # terms of a cluster, the most telling

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Term:
    """`kind` tells what having `text` means."""

    kind: str
    text: str

    @property
    def is_pattern(self) -> bool:
        return self.kind.endswith(PATTERN)


@dataclass(frozen=True)
class Held:
    """points[i] has terms[codes[i]]; no pair comes twice."""

    points: Ids
    codes: Ids
    terms: list[Term]


@dataclass(frozen=True)
class Claim:
    """A term of a cluster: the share of its points that have it, and of all others."""

    term: Term
    share: float
    elsewhere: float

    @classmethod
    def of(cls, term: Term, both: int, have: int, here: int, n: int) -> Claim:
        """Of n points `have` the term, `here` are in the cluster, and `both`."""
        return cls(term, both / max(1, here), (have - both) / max(1, n - here))

    @property
    def tells(self) -> bool:
        """Whether so much here and so little elsewhere is worth saying."""
        return self.share >= (_LIFT_OF_MOST if self.share >= 0.5 else _LIFT) * self.elsewhere


def often(
    points: Ids, codes: Ids, rates: NDArray[np.float64], trials: int, least: int = 3
) -> tuple[Ids, Ids]:
    """The pairs of point and code that come more often than by chance, once each.

    Each row is one of a point's `trials` trials. A code that a trial has by chance at its rate must
    come `least` times, and so often that chance reaches it in 1 of 100 (binomial).
    """
    from scipy.stats import binom

    counts = np.arange(trials + 1)
    beyond = binom.sf(counts[:, None] - 1, trials, np.clip(rates, 0, 1)[None])
    enough = np.maximum((beyond > ERROR).sum(axis=0), least)
    pairs, n = np.unique(points << 32 | codes, return_counts=True)
    pairs = pairs[n >= enough[pairs & 0xFFFFFFFF]]
    return pairs >> 32, pairs & 0xFFFFFFFF


def together(*parts: Held) -> Held:
    """All pairs, with the terms of one after those of another."""
    shifts = np.cumsum([0, *(len(part.terms) for part in parts)])
    return Held(
        np.concatenate([part.points for part in parts]),
        np.concatenate([p.codes + shift for p, shift in zip(parts, shifts, strict=False)]),
        [term for part in parts for term in part.terms],
    )


def information(both: Any, have: Any, here: Any, n: Any) -> NDArray[np.float64]:
    """The mutual information, in nats and times n, of having a term and being in a cluster.

    Of n points `have` the term, `here` are in the cluster, and `both`; 0 where the term is rarer
    here than elsewhere. Twice that is the statistic of the G-test.
    """
    both, have, here = (np.asarray(x, np.float64) for x in (both, have, here))
    table = (
        (both, have, here),
        (have - both, have, n - here),
        (here - both, n - have, here),
        (n - have - here + both, n - have, n - here),
    )
    sums = np.zeros(np.broadcast(both, have, here).shape)
    for found, row, column in table:
        expected = row * column / max(1, n)
        at = found > 0
        ratio = np.divide(found, expected, out=np.ones_like(sums), where=at)
        sums += np.where(at, found * np.log(ratio), 0)
    return np.where(both * n > have * here, sums, 0)


def by_chance(n_terms: int) -> float:
    """The information that the best of so many terms exceeds with a chance of `ERROR`, at most."""
    return float(np.log(max(1, n_terms) / ERROR))


def claims(labels: NDArray[Any], held: Held) -> list[list[Claim]]:
    """What is true of each cluster: the most telling term, one that tells more with it, a pattern.

    labels: the cluster of each point, -1 where none; those points count nowhere.
    """
    labels = np.asarray(labels, np.int64)
    sizes = np.bincount(labels[labels >= 0])
    counted = labels[held.points] >= 0
    points, codes = held.points[counted], held.codes[counted]
    order = np.argsort(codes, kind="stable")
    points = points[order]
    starts = np.searchsorted(codes[order], np.arange(len(held.terms) + 1))
    having = [points[a:b] for a, b in pairwise(starts.tolist())]
    cells, both = np.unique(labels[points] * len(held.terms) + codes[order], return_counts=True)
    patterns = np.array([term.is_pattern for term in held.terms], dtype=bool)
    found = []
    for cluster, size in enumerate(sizes.tolist()):
        a, b = np.searchsorted(cells, (cluster * len(held.terms), (cluster + 1) * len(held.terms)))
        mine = _Cluster(labels, cluster, size, int(sizes.sum()))
        here, n_here = cells[a:b] % max(1, len(held.terms)), both[a:b]
        told: list[Claim] = []
        for of, leasts in ((~patterns, (_LEAST, _SECOND)), (patterns, (_LEAST,))):
            tried = mine.most_telling(here[of[here]], n_here[of[here]], starts)
            told += mine.claims([(held.terms[code], having[code]) for code in tried], leasts)
        found.append(told)
    return found


class _Cluster:
    def __init__(self, labels: Ids, cluster: int, size: int, n: int) -> None:
        self.here = labels == cluster
        self.size, self.n = size, n

    def most_telling(self, codes: Ids, both: Ids, starts: Ids) -> list[int]:
        """Of the codes that points here have, those that tell most and aren't chance."""
        told = information(both, starts[codes + 1] - starts[codes], self.size, self.n)
        order = np.argsort(-told, kind="stable")[:_TRIED]
        beyond = told[order] > by_chance(len(starts) - 1)
        return codes[order[beyond]].tolist()

    def claims(self, tried: list[tuple[Term, Ids]], leasts: tuple[float, ...]) -> list[Claim]:
        """One claim after the other, each of a term that so large a share has."""
        got = np.zeros(len(self.here), bool)
        chosen: list[Claim] = []
        told = 0.0
        for least in leasts:
            able = []
            for term, points in tried:
                both = int(self.here[points].sum())
                claim = Claim.of(term, both, len(points), self.size, self.n)
                alike = bool(chosen) and _alike(term, chosen[0].term)
                if claim.share >= least and claim.tells and not alike:
                    able.append((self.told(got, points), claim, points))
            best = _best(able)
            if best is None or best[0] < _GAIN * told:
                break
            told = best[0]
            chosen.append(best[1])
            got[best[2]] = True
        return chosen

    def told(self, got: NDArray[np.bool_], points: Ids) -> float:
        """The information of having one of the terms chosen before or this one."""
        more = points[~got[points]]
        both = (got & self.here).sum() + self.here[more].sum()
        return float(information(both, got.sum() + len(more), self.size, self.n))


def _best(able: list[tuple[float, Claim, Ids]]) -> tuple[float, Claim, Ids] | None:
    """What tells most; rather than a phrase, a longer one with it that tells nearly as much."""
    if not able:
        return None
    most = max(able, key=lambda one: one[0])

    def words(one: tuple[float, Claim, Ids]) -> tuple[int, float]:
        return one[1].term.text.count(" "), one[0]

    within = f" {most[1].term.text} "
    longer = [
        one
        for one in able
        if one[0] >= _NEARLY * most[0]
        and one[1].term.kind == most[1].term.kind
        and within in f" {one[1].term.text} "
    ]
    return max(longer, key=words)


def _alike(term: Term, other: Term) -> bool:
    """Whether they have a word in common."""
    return bool({*term.text.casefold().split()} & {*other.text.casefold().split()})
