"""The documents as tests read them: README, CONTRIBUTING and all pages of docs/."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATHS = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "sql/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
)
TEXTS = {str(p.relative_to(ROOT)): p.read_text(encoding="utf-8") for p in PATHS}


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def code_spans(text: str) -> list[str]:
    """The inline code, fenced blocks aside; a table's escaped bars are bars."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return [span.replace("\\|", "|") for span in re.findall(r"`([^`\n]+)`", prose)]
