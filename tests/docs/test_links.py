"""Links inside the documents lead to files and headings that exist."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.docs.pages import PATHS, ROOT


def prose(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site name them."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose(text), re.M):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def broken(page: Path, text: str) -> list[str]:
    """The links of a page to nowhere; addresses of other sites aren't fetched."""
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name) if name else page
        if not path.exists() or (anchor and anchor not in anchors(path.read_text("utf-8"))):
            found.append(target)
    return found


@pytest.mark.parametrize("page", PATHS, ids=[str(p.relative_to(ROOT)) for p in PATHS])
def test_links_lead_somewhere(page: Path) -> None:
    assert broken(page, page.read_text(encoding="utf-8")) == []


def test_broken_links_are_found() -> None:
    text = "# A\n[a](nowhere.md) [b](README.md#nothing) [c](#a) [d](README.md#start) [e](#b)"
    assert broken(ROOT / "page.md", text.replace("(#", "(README.md#")) == [
        "nowhere.md",
        "README.md#nothing",
        "README.md#a",
        "README.md#b",
    ]


def test_anchors() -> None:
    assert anchors("# kn run\n## `a_b`: c, d\n## kn run\n```sh\n# no heading\n```\n") == {
        "kn-run",
        "a_b-c-d",
        "kn-run-1",
    }
