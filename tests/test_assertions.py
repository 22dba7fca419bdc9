"""Tests of the tests: none can pass without having asserted anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from textwrap import indent

import pytest

HERE = Path(__file__).parent
FILES = sorted(HERE.rglob("*.py"))
NAMES = [str(file.relative_to(HERE)) for file in FILES]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def asserts(node: ast.AST) -> bool:
    """Whether a statement is an assertion: `assert`, `raise`, `pytest.raises`, `assert_...()`."""
    if isinstance(node, ast.With):
        return any("raises" in ast.unparse(item.context_expr) for item in node.items)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return ".assert_" in f".{ast.unparse(node.value.func)}"
    return isinstance(node, ast.Assert | ast.Raise)


def within(statements: list[ast.stmt]) -> Iterator[ast.AST]:
    """Statements and all that they hold."""
    for statement in statements:
        yield from ast.walk(statement)


def half_asserted(tree: ast.AST) -> Iterator[ast.If]:
    """Each `if` of a function with an assertion in one branch and none in another."""
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    for node in {node for function in functions for node in ast.walk(function)}:
        if isinstance(node, ast.If):
            branches = [any(map(asserts, within(b))) for b in (node.body, node.orelse)]
            only_raises = all(isinstance(n, ast.Raise) for n in within(node.body) if asserts(n))
            if any(branches) and not all(branches) and not only_raises:
                yield node


def each_test(tree: ast.Module) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name.startswith("test_"):
            yield node


def names_called(node: ast.AST) -> set[str]:
    """Last names of the functions that are called: `wait_for` of `page.locator(x).wait_for()`."""
    calls = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)]
    return {f.id if isinstance(f, ast.Name) else getattr(f, "attr", "") for f in calls}


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def helpers() -> set[str]:
    """Functions of the tests that assert something, and the browser's own that wait for it."""
    functions = [n for file in FILES for n in ast.walk(tree_of(file)) if isinstance(n, Function)]
    called = [(f.name, names_called(f)) for f in functions]
    found = {"wait_for", "wait_for_function"}
    new = {f.name for f in functions if any(map(asserts, ast.walk(f)))}
    while not new <= found:
        found |= new
        new = {name for name, names in called if names & found}
    return found


def is_filled(iterable: ast.expr) -> bool:
    """Whether what a loop goes over stands in the test or is one of its module's constants."""
    parts = list(ast.walk(iterable))
    literal = any(isinstance(n, ast.List | ast.Tuple | ast.Set | ast.Dict) for n in parts[:3])
    return literal or any(
        (isinstance(n, ast.Name) and n.id.isupper())
        or (isinstance(n, ast.Constant) and isinstance(n.value, int) and n.value > 0)
        for n in parts
    )


def always_asserts(statements: list[ast.stmt]) -> bool:
    """Whether an assertion is reached that isn't within a loop that may never be entered."""
    for statement in statements:
        if asserts(statement) or names_called_at_once(statement) & helpers():
            return True
        if isinstance(statement, ast.For) and not is_filled(statement.iter):
            continue
        blocks = (getattr(statement, name, []) for name in ("body", "orelse", "finalbody"))
        if not isinstance(statement, Function | ast.If) and any(map(always_asserts, blocks)):
            return True
        if isinstance(statement, ast.If) and all(
            map(always_asserts, (statement.body, statement.orelse))
        ):
            return True
    return False


def names_called_at_once(statement: ast.stmt) -> set[str]:
    """What a plain statement calls; of a `with` only what stands in its head."""
    if isinstance(statement, ast.With):
        return set().union(*(names_called(item) for item in statement.items))
    compound = hasattr(statement, "body")
    return set() if compound else names_called(statement)


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_no_assertion_depends_on_an_if(file: Path) -> None:
    found = [f"line {n.lineno}: if {ast.unparse(n.test)}" for n in half_asserted(tree_of(file))]
    assert not found, "an assertion stands under an if whose other branch asserts nothing"


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_every_test_asserts_or_says_that_it_does_not_raise(file: Path) -> None:
    silent = [
        test.name
        for test in each_test(tree_of(file))
        if "not_raise" not in test.name and not always_asserts(test.body)
    ]
    assert not silent, (
        "no assertion is sure to be reached: assert that there is what is looped over"
    )


@pytest.mark.parametrize(
    ("body", "passes"),
    [
        ("if x:\n  assert y", False),
        ("if x:\n  assert y\nelse:\n  assert z", True),
        ("if x:\n  raise AssertionError", True),
        ("for x in y:\n  if x:\n    assert x", False),
        ("if x:\n  with pytest.raises(KnError):\n    f()", False),
        ("if x:\n  y = 1\nassert y", True),
    ],
)
def test_the_rule_on_ifs(body: str, passes: bool) -> None:
    tree = ast.parse("def test_x():\n" + indent(body, "  "))
    assert (not list(half_asserted(tree))) == passes


@pytest.mark.parametrize(
    ("body", "passes"),
    [
        ("f()", False),
        ("for x in found:\n  assert x", False),
        ("for x in (1, 2):\n  assert x", True),
        ("for x in CASES:\n  assert x", True),
        ("assert found\nfor x in found:\n  assert x", True),
        ("with f() as x:\n  for y in x:\n    assert y", False),
        ("with pytest.raises(KnError):\n  f()", True),
        ("def inner():\n  assert False", False),
        ("page.wait_for()", True),
    ],
)
def test_the_rule_on_silent_tests(body: str, passes: bool) -> None:
    (test,) = each_test(ast.parse("def test_x():\n" + indent(body, "  ")))
    assert always_asserts(test.body) == passes
