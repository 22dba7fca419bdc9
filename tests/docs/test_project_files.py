"""Version, citation, changelog, hooks and the hosted workflow agree with the project."""

import re
import tomllib
from typing import Any

import yaml

from tests.docs.pages import ROOT, TEXTS

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def targets() -> list[str]:
    return re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)


def test_the_version_is_one() -> None:
    released = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", TEXTS["CHANGELOG.md"], re.M
    )
    citation = read("CITATION.cff")
    assert released[0] == (PROJECT["version"], citation["date-released"])
    assert citation["version"] == PROJECT["version"]
    assert [v for v, _ in released] == sorted((v for v, _ in released), reverse=True)


def test_citation_has_what_the_format_asks_for() -> None:
    citation = read("CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["cff-version"] == "1.2.0"
    assert citation["license"] == PROJECT["license"]
    assert all("name" in author or "family-names" in author for author in citation["authors"])


def test_hooks_are_targets_of_make() -> None:
    (repository,) = read(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        program, target = hook["entry"].split()
        assert (program, hook["language"]) == ("make", "system")
        assert target in targets()


def test_ci_runs_the_tests_that_make_test_leaves_out() -> None:
    recipes = (ROOT / "Makefile").read_text()
    left_out = re.findall(r"^test:.*\n\t\$\(TESTS\) -m \"not (\w+)\"$", recipes, re.M)
    run_then = re.findall(r"^test-thorough:.*\n\t\$\(TESTS\) -m (\w+)$", recipes, re.M)
    assert left_out == run_then == ["thorough"]
    script = (ROOT / ".ci" / "run").read_text().splitlines()
    assert {"make test", "make test-thorough"} <= set(script)


def test_the_workflow_has_the_steps_of_ci() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    steps = [
        step["run"]
        for job in read(".github/workflows/ci.yml")["jobs"].values()
        for step in job["steps"]
        if "run" in step
    ]
    assert steps == re.findall(r"^make .*$", script, re.M)
