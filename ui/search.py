"""Search as one types: what `search_cities` answers, over texts that were folded once.

Folding the texts of 6,000 cities takes most of the macro's time, and they only change when the
corpus does. So they are kept folded in a table of the app's own, in memory; scores and order are
the macro's.
"""

from __future__ import annotations

import threading
from weakref import WeakKeyDictionary

from kn_assets.database import Database, Stamp
from ui.rows import Answer, rows

_FOLD = """
CREATE OR REPLACE TABLE lake.folded_cities AS
SELECT
    *, fold(name) AS folded_name, fold(array_to_string(alternate_names, chr(10))) AS folded_others,
    fold(country) AS folded_country, strip_accents(lower(text)) AS folded_text
FROM prompt_cities
"""
_SEARCH = """
WITH
wanted AS (SELECT fold(trim($1)) AS word, strip_accents(lower(trim($1))) AS plain),
scored AS (
    SELECT
        f.*,
        CASE
            WHEN w.word = '' THEN 0
            WHEN f.folded_name = w.word THEN 6
            WHEN starts_with(f.folded_name, w.word) THEN 5
            WHEN contains(f.folded_name, w.word) THEN 4
            WHEN contains(f.folded_others, w.word) THEN 3
            WHEN contains(f.folded_country, w.word) THEN 2
            WHEN contains(f.folded_text, w.plain) THEN 1
        END AS score
    FROM lake.folded_cities AS f, wanted AS w
)
SELECT
    s.prompt_id, s.name, s.country, s.population, s.is_capital, s.text[:160] AS text,
    count(*) OVER () AS total
FROM scored AS s
WHERE s.score IS NOT NULL
    AND s.prompt_id IN (SELECT prompt_id FROM tokens WHERE model = $2 AND position = 0)
    AND (s.corpus IN (SELECT corpus FROM atlases WHERE model = $2)
        OR NOT EXISTS (FROM atlases WHERE model = $2))
ORDER BY s.score DESC, s.population DESC NULLS LAST, s.prompt_id
LIMIT $3 OFFSET $4
"""

_folded: WeakKeyDictionary[Database, Stamp] = WeakKeyDictionary()
_lock = threading.Lock()


def search(database: Database, model: str, text: str, offset: int, limit: int) -> list[Answer]:
    """Prompts of the atlas whose city, country or text matches, best first, with their `total`."""
    _fold(database)
    return rows(database, _SEARCH, text, model, limit, offset)


def _fold(database: Database) -> None:
    """Fold what the corpora hold now, unless that was done."""
    now = tuple(s for s in database.stamp if s[0] in ("cities", "prompts"))
    with _lock:
        if _folded.get(database) != now:
            rows(database, _FOLD)
            _folded[database] = now
