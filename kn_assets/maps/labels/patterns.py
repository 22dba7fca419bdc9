"""Which phrases are the corpus' own patterns: repeated in many prompts, whatever those are about.

A corpus that is written by templates, or whose texts all begin alike, has phrases that tell how a
prompt is built and not what it says. "the capital of" comes with every country; "Chinese yuan",
which may be as common, with one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kn_assets.maps.labels.phrases import Phrases

COMMON = 0.05  # of the prompts: a phrase in so many is a pattern where their countries aren't known
REPEATED = 0.01  # of the prompts, where they are, ...
SPREAD = 0.5  # ... in prompts of so many of the countries that as many at random would be of

Ids = NDArray[np.int64]


def are_patterns(phrases: Phrases, about: Mapping[int, str]) -> NDArray[np.bool_]:
    """For each of the phrases' terms whether it is a pattern.

    about: the country of each prompt that has one. A term without a letter (numbers, marks) is no
    pattern but a kind of token.
    """
    n_terms = len(phrases.terms)
    place = np.repeat(np.arange(len(phrases.prompts)), np.diff(phrases.starts))
    pairs = np.unique(phrases.codes << 32 | phrases.prompts[place])
    codes, prompts = pairs >> 32, pairs & 0xFFFFFFFF
    every = np.unique(phrases.prompts)
    held = np.bincount(codes, minlength=n_terms)
    share = held / max(1, len(every))
    names = sorted({name for p in every.tolist() if (name := about.get(p))})
    number = {name: i for i, name in enumerate(names)}
    country = np.array([number.get(about.get(p, ""), -1) for p in every.tolist()], np.int64)
    sizes = np.bincount(country[country >= 0], minlength=len(names))
    of_pair = country[np.searchsorted(every, prompts)]
    told = of_pair >= 0
    n_told = np.bincount(codes[told], minlength=n_terms)
    n_countries = np.bincount(np.unique(codes[told] << 32 | of_pair[told]) >> 32, minlength=n_terms)
    spread = n_countries >= SPREAD * _expected(sizes, n_told)
    known = (2 * n_told >= held) & (len(names) > 1)
    found = np.where(known, (share >= REPEATED) & spread, share >= COMMON)
    lettered = [any(c.isalpha() for c in term) for term in phrases.terms]
    return found & np.array(lettered, dtype=bool)


def _expected(sizes: Ids, draws: Ids) -> NDArray[np.float64]:
    """How many countries so many prompts have on average, drawn at random with replacement."""
    shares = sizes / max(1, sizes.sum())
    many, back = np.unique(draws, return_inverse=True)
    return (1 - (1 - shares[None]) ** many[:, None]).sum(axis=1)[back]
