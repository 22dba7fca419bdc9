"""Knowledge neurons: which neurons of a language model fire on what it knows about a topic.

For notebooks and scripts:

    import kn_assets
    lake = kn_assets.open("data")

`open` gives an `OpenLake`, which is read from only: its `atlases()`, every macro of `sql/` as a
function of `ask`, any query by `sql()`, one prompt's `activations()` as an array. Answers come as
an Arrow table, a pandas data frame or a DuckDB relation. Errors that the caller can mend are
`KnError`. What is named here is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kn_assets.database.answers import Answer
    from kn_assets.errors import KnError
    from kn_assets.live.notebook import OpenLake, open

__all__ = ["Answer", "KnError", "OpenLake", "open"]

_HOMES = {
    "Answer": "kn_assets.database.answers",
    "KnError": "kn_assets.errors",
    "OpenLake": "kn_assets.live.notebook",
    "open": "kn_assets.live.notebook",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
