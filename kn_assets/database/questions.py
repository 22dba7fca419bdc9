"""The macros of `sql/` as functions of Python, with their names, parameters and meanings."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from kn_assets.database.answers import Answer
from kn_assets.database.sql_files import Definition, macros
from kn_assets.errors import KnError

Run = Callable[[str, list[Any]], Answer]
"""Answers SQL with the values of its `?`."""
Check = Callable[[str], None]
"""Raises KnError for a model that has no atlas."""


class Questions:
    """All macros: `ask("heatmap", "gpt2", 0)` or `ask.heatmap("gpt2", 0)`.

    `dir(ask)` lists them, `print(ask)` with their parameters.
    """

    def __init__(self, run: Run, check: Check) -> None:
        self._questions = {d.name: Question(d, run, check) for d in macros()}

    def __call__(self, name: str, /, *values: Any, **named: Any) -> Answer:
        """Ask a macro by name, with values for its parameters in order or by name.

        Raises KnError, one line, for an unknown macro or parameters that don't fit.
        """
        if name not in self._questions:
            raise KnError(f"no macro is called {name}: `dir(lake.ask)` lists those there are")
        return self._questions[name](*values, **named)

    def __getattr__(self, name: str) -> Question:
        # A name with _ may be `_questions` itself, which a copy that is being made lacks.
        if name.startswith("_") or name not in self._questions:
            raise AttributeError(
                f"no macro is called {name}: `dir(lake.ask)` lists those there are"
            )
        return self._questions[name]

    def __dir__(self) -> list[str]:
        return sorted(self._questions)

    def __repr__(self) -> str:
        return "\n".join(str(self._questions[name]) for name in dir(self))


class Question:
    """One macro as a function."""

    def __init__(self, definition: Definition, run: Run, check: Check) -> None:
        self._run, self._check = run, check
        self.__name__ = definition.name
        self.__doc__ = definition.meaning
        self.__signature__ = _signature(definition)

    def __call__(self, *values: Any, **named: Any) -> Answer:
        """Ask it. Raises KnError where the values don't fit its parameters."""
        try:
            bound = self.__signature__.bind(*values, **named)
        except TypeError as e:
            raise KnError(f"{self}: {e}") from e
        if "model" in bound.arguments:
            self._check(bound.arguments["model"])
        required = self._required
        slots = ", ".join("?" if n in required else f"{n} := ?" for n in bound.arguments)
        return self._run(f"FROM {self.__name__}({slots})", list(bound.arguments.values()))

    @property
    def _required(self) -> set[str]:
        """Parameters without a default."""
        parameters = self.__signature__.parameters.values()
        return {p.name for p in parameters if p.default is inspect.Parameter.empty}

    def __repr__(self) -> str:
        return f"{self.__name__}{self.__signature__}"


def _signature(definition: Definition) -> inspect.Signature:
    """A macro's parameters; the text of a default, such as `NULL`, is SQL and only shown."""
    parameters = []
    for parameter in definition.parameters:
        name, _, default = (part.strip() for part in parameter.partition(":="))
        parameters.append(
            inspect.Parameter(
                name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=_Sql(default) if default else inspect.Parameter.empty,
            )
        )
    return inspect.Signature(parameters)


class _Sql(str):
    """SQL that shows without quotes."""

    def __repr__(self) -> str:
        return str(self)
