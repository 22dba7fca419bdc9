"""The page commands.md: `kn` and its options, out of its parser, and make's targets."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import markup

from kn_assets.cli import parser as cli

MAKEFILE = Path(__file__).parents[1] / "Makefile"

VARIABLES = (
    ("KN_DATA", "folder of the lake; default `data`"),
    ("KN_CONTACT", "your e-mail or web address, sent to Wikipedia in the User-Agent"),
    (
        "KN_NICE",
        "priority of what is made while the app is open, from 0 to 19, the lowest; default 19",
    ),
    ("HF_ENDPOINT", "address of the model hub, where it is not Hugging Face's"),
    ("OMP_NUM_THREADS", "processors a run may use"),
    ("OMP_WAIT_POLICY", "`PASSIVE`: idle threads sleep, which frees the processor for others"),
)


def commands_page() -> str:
    """The `kn` commands with their options, the environment variables and the make targets."""
    parser = cli._parser([])
    commands = _subparsers(parser)
    lines = [
        "# Commands",
        "",
        markup.note("the parser of `kn` and from the Makefile"),
        "",
        "An interrupted command resumes when you run it again. `kn COMMAND --help` prints the same",
        "as this page.",
        "",
        *markup.rows(("command", "does"), ((f"[`kn {n}`](#kn-{n})", h) for n, h, _ in commands)),
        "",
        "Options of `kn` itself stand before the command:",
        "",
        *_options(parser._actions),
    ]
    shared: dict[str, list[argparse.Action]] = {}
    for name, help_text, command in commands:
        lines += ["", f"## kn {name}", "", f"{_sentence(help_text)}", ""]
        lines += _command(name, command, shared)
    for title, actions in shared.items():
        lines += ["", f"## Options of {title}", "", *_options(actions)]
    lines += [
        "",
        "## Environment variables",
        "",
        *markup.rows(("variable", "meaning"), _variables()),
    ]
    lines += ["", "## Make targets", "", *markup.rows(("target", "does"), _targets())]
    return "\n".join(lines) + "\n"


def _subparsers(parser: argparse.ArgumentParser) -> list[tuple[str, str, argparse.ArgumentParser]]:
    """(name, help, parser) of each command; none for a parser without commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            texts = {c.dest: c.help or "" for c in action._choices_actions}
            return [(name, texts.get(name, ""), p) for name, p in action.choices.items()]
    return []


def _command(
    name: str, command: argparse.ArgumentParser, shared: dict[str, list[argparse.Action]]
) -> Iterator[str]:
    """Usage and options; the settings groups, which several commands have, go to `shared`."""
    names = [a.metavar or a.dest.upper() for a in command._actions if not a.option_strings]
    yield from ("```text", " ".join(["kn", name, *map(str, names), "[options]"]), "```")
    if benchmarks := _subparsers(command):
        yield ""
        yield ", ".join(f"`{n}`" for n, _, _ in benchmarks) + ": see [Benchmarks](benchmarks.md)."
        command = benchmarks[0][2]
    own: list[argparse.Action] = []
    links: list[str] = []
    for group in command._action_groups:
        actions = [a for a in group._group_actions if a.option_strings and a.dest != "help"]
        if group.title in ("options", "positional arguments"):
            own += actions
        elif actions:
            shared[str(group.title)] = actions
            links.append(f"[{group.title}](#options-of-{str(group.title).replace(' ', '-')})")
    if links:
        yield ""
        yield f"Takes the options of {', '.join(links)}" + (", and:" if own else ".")
    if own:
        yield ""
        yield from _options(own)


def _options(actions: Iterable[argparse.Action]) -> list[str]:
    rows = []
    for action in actions:
        if not action.option_strings or action.dest == "help":
            continue
        value = "" if action.nargs == 0 else f" {_value(action)}"
        text, default = _default(action)
        rows.append((f"`{action.option_strings[-1]}{value}`", default, text))
    return markup.rows(("option", "default", "meaning"), rows)


def _value(action: argparse.Action) -> str:
    if action.choices:
        return "|".join(map(str, action.choices))
    types = {int: "N", float: "X"}
    return str(action.metavar or types.get(action.type, "TEXT"))  # type: ignore[call-overload]


def _default(action: argparse.Action) -> tuple[str, str]:
    """The help text without its default, and the default."""
    text = (action.help or "").replace("%%", "%")
    match = re.fullmatch(r"(.*?)(?:; |^)default ((?:(?!, ).)+)", text)
    if match:
        return match[1], f"`{match[2]}`"
    unset = action.default is None or action.default is False
    return text, "" if unset else f"`{action.default}`"


def _variables() -> Iterator[tuple[str, str]]:
    for name, meaning in VARIABLES:
        yield f"`{name}`", meaning


def _targets() -> Iterator[tuple[str, str]]:
    for name, meaning in re.findall(r"^([a-z-]+):.*?## *(.+)$", MAKEFILE.read_text(), re.M):
        yield f"`make {name}`", meaning


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
