"""The `kn` command: parses, calls the library, turns a KnError into one line and exit code 1."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from dataclasses import MISSING, fields
from typing import Any, get_type_hints

from kn_assets.cli import commands
from kn_assets.cli.stopping import Stopping, say
from kn_assets.errors import KnError
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.training.settings import TrainSettings


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    args = _parser(given).parse_args(given)
    writes = hasattr(args, "no_wait") or args.call is commands.ui
    stopping = Stopping(reads_only=not writes)
    try:
        with stopping:
            return int(args.call(args) or 0)
    except KnError as e:
        print(f"kn: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say()
        return stopping.code
    except BrokenPipeError:  # `kn prompts | head`
        sys.stderr.close()
        return 0


def _parser(given: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kn",
        description="Which neurons of a language model store a fact, and when it learns them.",
    )
    parser.add_argument(
        "--data", metavar="DIR", help="folder of the lake; default $KN_DATA, else data"
    )
    added = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = added.add_parser(
        "demo", help="make an atlas of the embedded corpus and model, and start the app"
    )
    _demo_options(demo)

    run = added.add_parser("run", help="make an atlas: materialize its Dagster assets")
    _setting_options(run)
    run.add_argument("--only", action="append", metavar="TABLE", help="only this table; repeatable")
    _steps_options(run)
    run.set_defaults(call=commands.run)

    plan = added.add_parser("plan", help="estimate time, memory, rows and bytes of a run")
    _setting_options(plan)
    plan.set_defaults(call=commands.plan)

    verify = added.add_parser(
        "verify", help="compute prompts of an atlas again in float32, and tell how far it is off"
    )
    _verify_options(verify)

    knowledge = added.add_parser(
        "knowledge", help="find the knowledge neurons of facts, and test them by interventions"
    )
    _setting_options(knowledge)
    _options_of(knowledge.add_argument_group("facts"), KnowledgeSettings, {"seed", "like"})
    _steps_options(knowledge)
    knowledge.set_defaults(call=commands.run, only=None, with_knowledge=True)

    train = added.add_parser("train", help="train a small GPT-2 on the facts, with checkpoints")
    _options_of(train, TrainSettings, set())
    train.add_argument(
        "--until", type=int, metavar="STEP", help="stop after this step; without it, go on"
    )
    _wait_option(train)
    train.set_defaults(call=commands.train)

    ui = added.add_parser("ui", help="start the app on the atlases in the lake")
    _ui_options(ui)
    ui.set_defaults(call=commands.ui)

    sql = added.add_parser("sql", help="run a read-only SQL query over all tables")
    sql.add_argument("query")
    sql.add_argument("--format", choices=("table", "csv", "json"), default="table")
    sql.set_defaults(call=commands.sql)

    partitions = added.add_parser(
        "partitions", help="make corpora and models known to Dagster's own page, and list them"
    )
    _partitions_options(partitions)

    page = added.add_parser("page", help="show the text and the prompt taken from a Wikipedia page")
    page.add_argument("page", metavar="FILE_OR_URL")
    page.add_argument("--model", help="model whose tokenizer to use; default gpt2, if available")
    page.add_argument("--contact", help="your contact for the User-Agent; default $KN_CONTACT")
    page.add_argument("--base-url", help="site to fetch from; default Wikipedia")
    page.add_argument("--keep-parentheses", action="store_true", default=None)
    page.set_defaults(call=commands.page)

    prompts = added.add_parser("prompts", help="list the prompts of a corpus")
    prompts.add_argument("--corpus", help="default: the only one, else wikipedia")
    prompts.add_argument("--model", help="model whose tokenizer to use; default gpt2")
    prompts.add_argument("--limit", type=int, help="number of prompts; default all")
    prompts.set_defaults(call=commands.prompts)

    bench = added.add_parser("bench", help="run a benchmark against its baseline")
    _bench_options(bench, given)

    doctor = added.add_parser("doctor", help="check the installation, the network and the lake")
    _doctor_options(doctor)
    return parser


def _demo_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limit", type=int, help=f"number of prompts; default {commands.DEMO['limit']}"
    )
    parser.add_argument("--lens", help="all (default), or lazy: each prompt when it is opened")
    parser.add_argument(
        "--foreground",
        action="store_true",
        help="make the whole atlas, then start the app; else it starts as soon as prompts can be "
        "explored, and the rest is made while it is open",
    )
    parser.add_argument("--no-ui", action="store_true", help="make the atlas only")
    _wait_option(parser)
    _ui_options(parser)
    parser.set_defaults(call=commands.demo)


def _partitions_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", action="append", metavar="NAME", help="a model without an atlas; repeatable"
    )
    parser.set_defaults(call=commands.partitions)


def _doctor_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--deep",
        action="store_true",
        help="also compare checksums of all tables; a damaged one is made again by `kn run`",
    )
    parser.set_defaults(call=commands.doctor)


def _verify_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help="model of the atlas, or the atlas' name")
    parser.add_argument("--revision", help="revision of a hub model, such as step1000")
    parser.add_argument("--prompts", type=int, default=20, help="prompts drawn; default 20")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draw; default 0")
    parser.set_defaults(call=commands.verify)


def _bench_options(parser: argparse.ArgumentParser, given: list[str]) -> None:
    names = parser.add_subparsers(required=True, metavar="NAME")
    for name in bench_names():
        one = names.add_parser(name)
        one.add_argument("--json", action="store_true", help="print one JSON object")
        one.add_argument(
            "--markdown", action="store_true", help="print a row for docs/benchmarks.md"
        )
        if name in given:  # a benchmark is imported only when it is asked for
            module = importlib.import_module(f"kn_assets.bench.{name}")
            module.add_arguments(one)
            one.set_defaults(call=commands.bench, run=module.run)


def bench_names() -> list[str]:
    """Names of the benchmarks: the modules of `kn_assets.bench` but the shared one."""
    from kn_assets import bench

    return [m.name for m in pkgutil.iter_modules(bench.__path__) if m.name != "result"]


def _steps_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--force", action="store_true", help="also remake tables that are up to date"
    )
    parser.add_argument(
        "--steps-of",
        metavar="all|N|A,B,..",
        help="all checkpoints of the model, N log-spaced ones, or those at steps A, B, ...",
    )
    _wait_option(parser)


def _wait_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-wait",
        action="store_true",
        help="refuse at once where another command writes to the lake, instead of waiting for it",
    )


def _ui_options(parser: argparse.ArgumentParser) -> None:
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


def _setting_options(parser: argparse.ArgumentParser) -> None:
    """An option for every setting of an atlas, and of the Wikipedia corpus."""
    from kn_assets.atlas.settings import AtlasSettings
    from kn_assets.corpora import wikipedia

    _options_of(parser.add_argument_group("atlas"), AtlasSettings, set())
    # Both have a limit: it cuts the corpus and the atlas alike.
    _options_of(parser.add_argument_group("corpus wikipedia"), wikipedia.Settings, {"limit"})


def _options_of(group: Any, settings: Any, left_out: set[str]) -> None:
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


if __name__ == "__main__":
    sys.exit(main())
