"""Settings of the documentation's site, which `make docs` builds with Sphinx.

Sphinx with MyST and Furo, since all three are maintained and the pages stay plain Markdown, as
GitHub shows it. MkDocs had its last release in 2024 and plugins have no place in its next version,
the maintenance of Material for MkDocs ended in November 2026, and Zensical, its successor, is at
0.1 and reads no page outside one folder.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from sphinx.application import Sphinx

_PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]

project = "Knowledge neurons explorer"
author = "the contributors"
release = version = _PROJECT["version"]

extensions = ["myst_parser"]
# The sources lie at the top of the repository, so that links are the same on the site and there.
root_doc = "README"
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md", "sql/README.md"]
exclude_patterns = [
    *(".*", "build", "data", "dist", "docs/_build", "node_modules"),
    *("kn_assets", "setup", "tests", "ui"),
]

myst_heading_anchors = 3  # for links such as tables.md#neurons

html_theme = "furo"
html_title = f"{project} {version}"
html_extra_path = ["site"]
html_show_copyright = False
html_copy_source = False

_NAVIGATION = """
```{toctree}
:hidden:
:caption: Use

docs/commands
docs/sharing
docs/sql
docs/notebook
docs/glossary
```

```{toctree}
:hidden:
:caption: Results

docs/results
docs/circuits
docs/accuracy
docs/benchmarks
```

```{toctree}
:hidden:
:caption: Inside

docs/architecture
docs/javascript
docs/packages
docs/tables
sql/README
CONTRIBUTING
CHANGELOG
```
"""


def _add_navigation(app: Sphinx, name: str, source: list[str]) -> None:
    """The list of pages, which the README has no use for elsewhere."""
    if name == root_doc:
        source[0] += _NAVIGATION


def setup(app: Sphinx) -> None:
    app.connect("source-read", _add_navigation)
