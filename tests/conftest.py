"""How hypothesis looks for counterexamples: the same examples each time, and few.

`--hypothesis-profile search` looks for new ones among many more.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile(
    "fixed", derandomize=True, deadline=None, max_examples=60, database=None, print_blob=True
)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("fixed")
