"""Options that several commands have, and those made of the fields of settings."""

from __future__ import annotations

import argparse
from dataclasses import MISSING, fields
from typing import Any, get_type_hints


def steps_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--force", action="store_true", help="also remake tables that are up to date"
    )
    parser.add_argument(
        "--steps-of",
        metavar="all|N|A,B,..",
        help="all checkpoints of the model, N log-spaced ones, or those at steps A, B, ...",
    )
    wait_option(parser)


def wait_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-wait",
        action="store_true",
        help="refuse at once where another command writes to the lake, instead of waiting for it",
    )


def ui_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=7860, help="port; default 7860")
    parser.add_argument("--share", action="store_true", help="open a Gradio share link")
    parser.add_argument(
        "--auth",
        metavar="@FILE",
        help="a file with the USER:PASS that is required, or that itself, which other users of "
        "the machine can see; default: $KN_AUTH",
    )
    parser.add_argument("--public", action="store_true", help="let strangers in without a password")
    parser.add_argument(
        "--root-path",
        default="",
        metavar="PATH",
        help="what a proxy in front of the app puts before its paths, as /kn",
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        metavar="NAME",
        help="a name by which the app is called beside its address; may be repeated",
    )
    parser.add_argument(
        "--frame-ancestor",
        action="append",
        metavar="SITE",
        help="a site whose pages may show the app in a frame, as https://lab.example.org; may be "
        "repeated",
    )


def setting_options(parser: argparse.ArgumentParser) -> None:
    """An option for every setting of an atlas, and of the Wikipedia corpus."""
    from kn_assets.atlas.settings import AtlasSettings
    from kn_assets.corpora import wikipedia

    options_of(parser.add_argument_group("atlas"), AtlasSettings, set())
    # Both have a limit: it cuts the corpus and the atlas alike.
    options_of(parser.add_argument_group("corpus wikipedia"), wikipedia.Settings, {"limit"})


def options_of(group: Any, settings: Any, left_out: set[str]) -> None:
    """An option for every field of a settings dataclass, None by default."""
    types = get_type_hints(settings)
    for f in fields(settings):
        if f.name in left_out:
            continue
        name = f"--{f.name.replace('_', '-')}"
        meaning = f.metadata["help"].replace("%", "%%")
        if f.default not in (None, False, MISSING):
            meaning += f"; default {f.default}"
        if types[f.name] is bool:
            group.add_argument(name, action="store_true", default=None, help=meaning)
        else:
            group.add_argument(name, type=_scalar(types[f.name]), help=meaning)


def _scalar(hint: Any) -> type:
    """int, float or str out of a hint such as `int | None`."""
    kinds = getattr(hint, "__args__", (hint,))
    return next(k for k in (int, float, str) if k in kinds)
