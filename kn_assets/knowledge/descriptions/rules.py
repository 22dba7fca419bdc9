"""Rules for when neurons fire: chosen on some prompts, judged by others.

A rule of one kind names up to `TERMS` values: "at ` France` or ` Japan`". Of the chosen prompts it
takes those values whose units fire most beyond the base rate, in the order of their precision, and
as many of them as give the largest phi coefficient (Matthews 1975) between named and fired. Values
of a kind exclude one another, so for a number of named units the best set is the most precise.

The other prompts judge it, and they alone: precision, the share of the named units that fired;
recall, the share of the fired units that it names; and a p-value, P(at least so many of the named
fire) if each fired with the base rate, the share of all units that fired: a binomial tail, which is
above the exact hypergeometric one. Units are taken as independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import bdtrc

from kn_assets.knowledge.descriptions.features import UNKNOWN, Feature

Array = np.ndarray[Any, Any]

TERMS = 6  # values that a rule names at most
LEAST = 2  # chosen prompts in which a value must have fired: one says nothing about others
LEAST_PHI = 0.1  # on the chosen units: below it a rule tells hardly more than none


@dataclass(frozen=True)
class Firings:
    """Which rows (a half of a neuron each) fired at which units, ordered by row, then unit.

    row, unit: int64 [firings]; n_rows: rows in all.
    """

    row: Array
    unit: Array
    n_rows: int

    def by(self, group: Array) -> Firings:
        """The same with units put together, each once: `group` has the new units, ascending."""
        key = self.row * (int(group.max(initial=0)) + 1) + group[self.unit]
        kept = np.ones(len(key), bool)
        kept[1:] = key[1:] != key[:-1]
        return Firings(self.row[kept], group[self.unit[kept]], self.n_rows)


@dataclass(frozen=True)
class Rules:
    """The best rule of one kind for each row that has one, and how it went on the other units.

    row: int64 [rules], ascending; values: their named values, [rules] arrays, most precise first;
    phi: float64 [rules], on the chosen units. n_chosen: chosen units it names. Of the others: n,
    those it names; n_fired, those that fired; n_both; n_units in all; p: float64.
    """

    row: Array
    values: list[Array]
    phi: Array
    n_chosen: Array
    n: Array
    n_fired: Array
    n_both: Array
    n_units: int
    p: Array


def rules(firings: Firings, feature: Feature, chosen: Array, prompt: Array) -> Rules:
    """The best rule of a kind for each row.

    chosen: bool [units]; prompt: int64 [units], the prompt of each, ascending.
    """
    here = chosen & feature.counted
    row, value, phi, named = _chosen(firings, feature, here, prompt)
    starts = _starts(row)
    rows = row[starts]
    there = ~chosen & feature.counted
    sizes = _counts(feature, there)
    hits = _hits(firings, feature, there, row, value)
    fired = np.bincount(firings.row[there[firings.unit]], minlength=firings.n_rows)[rows]
    n, both = _sums(sizes[value], starts), _sums(hits, starts)
    total = int(np.count_nonzero(there))
    return Rules(
        rows,
        np.split(value, starts[1:]) if len(starts) else [],
        phi[starts],
        _sums(named, starts),
        n,
        fired,
        both,
        total,
        tail(both, n, fired / max(total, 1)),
    )


def tail(both: Array, n: Array, rate: Array) -> Array:
    """P(X >= both), X binomial of n with chance `rate`; 1 where nothing fired of what is named."""
    found = np.ones(len(both))
    some = both > 0
    found[some] = bdtrc(both[some] - 1.0, n[some], rate[some])
    found[some & (both == n)] = rate[some & (both == n)] ** n[some & (both == n)]
    return found


def _chosen(
    firings: Firings, feature: Feature, here: Array, prompt: Array
) -> tuple[Array, Array, Array, Array]:
    """Row, value, phi of the rule and named units of each value of a rule, by row, best first."""
    kept = here[firings.unit]
    row, unit = firings.row[kept], firings.unit[kept]
    fired = np.bincount(row, minlength=firings.n_rows)
    value = feature.value[unit]
    has = value != UNKNOWN
    row, value, of = row[has], value[has], prompt[unit[has]]
    key = row * max(len(feature.terms), 1) + value
    order = np.argsort(key, kind="stable")  # units of a key stay in their order
    key, of = key[order], of[order]
    starts = _starts(key)
    another = np.ones(len(key), np.int64)
    another[1:] = (key[1:] != key[:-1]) | (of[1:] != of[:-1])
    both = np.diff(np.append(starts, len(key)))
    row, value = row[order][starts], value[order][starts]
    n, total = _counts(feature, here)[value], int(np.count_nonzero(here))
    likely = _sums(another, starts) >= LEAST
    likely &= both * total > fired[row] * n
    row, value, both, n = row[likely], value[likely], both[likely], n[likely]
    surplus = both - fired[row] / max(total, 1) * n
    order = np.lexsort((value, -surplus, row))
    order = order[places(row[order]) < TERMS]
    row, value, both, n = row[order], value[order], both[order], n[order]
    order = np.lexsort((value, -both, -both / n, row))
    row, value, both, n = row[order], value[order], both[order], n[order]
    phi = _phi(_within(both, row), _within(n, row), fired[row], total)
    starts = _starts(row)
    best = np.maximum.reduceat(phi, starts) if len(starts) else phi
    best_of = np.repeat(best, np.diff(np.append(starts, len(row))))
    # The first place with the best phi ends the rule.
    end = np.flatnonzero(phi == best_of)
    end = end[places(row[end]) == 0]
    last = np.repeat(end, np.diff(np.append(starts, len(row))))
    ruled = (np.arange(len(row)) <= last) & (best_of >= LEAST_PHI)
    return row[ruled], value[ruled], best_of[ruled], n[ruled]


def _hits(firings: Firings, feature: Feature, there: Array, row: Array, value: Array) -> Array:
    """Of pairs of row and value, in how many of the units `there` with the value the row fired."""
    width = max(len(feature.terms), 1)
    wanted = row * width + value
    order = np.argsort(wanted)
    of = feature.value[firings.unit]
    kept = there[firings.unit] & (of != UNKNOWN)
    key = firings.row[kept] * width + of[kept]
    if not len(wanted):
        return np.zeros(0, np.int64)
    at = np.minimum(np.searchsorted(wanted[order], key), len(wanted) - 1)
    counts = np.bincount(at[wanted[order][at] == key], minlength=len(wanted))
    found = np.empty(len(wanted), np.int64)
    found[order] = counts
    return found


def _phi(both: Array, n: Array, fired: Array, total: int) -> Array:
    """Phi of named and fired, 0 where one of them is none or all."""
    both, n, fired = (x.astype(np.float64) for x in (both, n, fired))
    spread = n * fired * (total - n) * (total - fired)
    found = np.zeros(len(both))
    some = spread > 0
    found[some] = (total * both - n * fired)[some] / np.sqrt(spread[some])
    return found


def _counts(feature: Feature, units: Array) -> Array:
    """How many of some units have each value."""
    value = feature.value[units]
    return np.bincount(value[value != UNKNOWN], minlength=max(len(feature.terms), 1))


def _starts(ascending: Array) -> Array:
    """Where each run of equal values begins."""
    if not len(ascending):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))


def _sums(values: Array, starts: Array) -> Array:
    return np.add.reduceat(values, starts) if len(starts) else np.zeros(0, np.int64)


def places(row: Array) -> Array:
    """The place of each within its run of equal rows, from 0."""
    starts = _starts(row)
    return np.arange(len(row)) - np.repeat(starts, np.diff(np.append(starts, len(row))))


def _within(values: Array, row: Array) -> Array:
    """Running sums within each run of equal rows."""
    sums, starts = np.cumsum(values), _starts(row)
    before = np.append(0, sums)[starts]
    return sums - np.repeat(before, np.diff(np.append(starts, len(row))))
