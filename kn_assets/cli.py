"""The `kn` command: parses, calls the library, turns a KnError into one line and exit code 1."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from dataclasses import MISSING, fields
from typing import Any, get_type_hints

from kn_assets.errors import KnError
from kn_assets.knowledge.tables import KnowledgeSettings
from kn_assets.lake import Lake
from kn_assets.training.settings import TrainSettings

DEMO = {"corpus": "geonames", "model": "smollm2-135m", "limit": 600}
"""What `kn demo` makes: the embedded corpus and model, in a few minutes on two cores."""


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    args = _parser(given).parse_args(given)
    try:
        return int(args.call(args) or 0)
    except KnError as e:
        print(f"kn: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nkn: stopped; the same command goes on where this one was", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `kn prompts | head`
        sys.stderr.close()
        return 0


def _parser(given: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kn", description="Knowledge neurons explorer: what a model's neurons do on a topic."
    )
    parser.add_argument("--data", metavar="DIR", help="the lake; default $KN_DATA, else data")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="embedded corpus and model, then the app")
    demo.add_argument("--limit", type=int, help=f"prompts; default {DEMO['limit']}")
    demo.add_argument("--lens", help="all (default), or lazy: a prompt's when it is opened")
    demo.add_argument("--no-ui", action="store_true", help="make the atlas, don't start the app")
    _ui_options(demo)
    demo.set_defaults(call=_demo)

    run = commands.add_parser("run", help="make an atlas: materialize its Dagster assets")
    _setting_options(run)
    run.add_argument("--only", action="append", metavar="TABLE", help="just this table; repeatable")
    _steps_options(run)
    run.set_defaults(call=_run)

    plan = commands.add_parser("plan", help="time, memory, rows and bytes of a run, before it")
    _setting_options(plan)
    plan.set_defaults(call=_plan)

    knowledge = commands.add_parser("knowledge", help="facts: what holds them, by intervention")
    _setting_options(knowledge)
    _options_of(knowledge.add_argument_group("facts"), KnowledgeSettings, {"seed", "like"})
    _steps_options(knowledge)
    knowledge.set_defaults(call=_run, only=None, with_knowledge=True)

    train = commands.add_parser("train", help="train a small GPT-2 on the facts, with checkpoints")
    _options_of(train, TrainSettings, set())
    train.set_defaults(call=_train)

    ui = commands.add_parser("ui", help="the app on whatever atlases exist")
    _ui_options(ui)
    ui.set_defaults(call=_ui)

    sql = commands.add_parser("sql", help="read-only SQL over all tables")
    sql.add_argument("query")
    sql.add_argument("--format", choices=("table", "csv", "json"), default="table")
    sql.set_defaults(call=_sql)

    page = commands.add_parser("page", help="what is kept of a Wikipedia page")
    page.add_argument("page", metavar="FILE_OR_URL")
    page.add_argument(
        "--model", help="whose tokenizer to show; default gpt2, where it is to be had"
    )
    page.add_argument("--contact", help="operator's contact; default $KN_CONTACT")
    page.add_argument("--base-url", help="site to fetch from; default Wikipedia")
    page.add_argument("--keep-parentheses", action="store_true", default=None)
    page.set_defaults(call=_page)

    prompts = commands.add_parser("prompts", help="list the prompts of a corpus")
    prompts.add_argument("--corpus", help="default: the only one, else wikipedia")
    prompts.add_argument("--model", help="whose tokenizer cuts; default gpt2")
    prompts.add_argument("--limit", type=int, help="only the first")
    prompts.set_defaults(call=_prompts)

    bench = commands.add_parser("bench", help="benchmarks, each against a named baseline")
    _bench_options(bench, given)

    doctor = commands.add_parser("doctor", help="what is installed, reachable and made")
    doctor.set_defaults(call=_doctor)
    return parser


def _bench_options(parser: argparse.ArgumentParser, given: list[str]) -> None:
    names = parser.add_subparsers(required=True, metavar="NAME")
    for name in bench_names():
        one = names.add_parser(name)
        one.add_argument("--json", action="store_true", help="one object, for machines")
        one.add_argument("--markdown", action="store_true", help="a row for docs/benchmarks.md")
        if name in given:  # a benchmark is imported only when it is asked for
            module = importlib.import_module(f"kn_assets.bench.{name}")
            module.add_arguments(one)
            one.set_defaults(call=_bench, run=module.run)


def bench_names() -> list[str]:
    """The benchmarks there are: the modules of `kn_assets.bench` but the shared one."""
    from kn_assets import bench

    return [m.name for m in pkgutil.iter_modules(bench.__path__) if m.name != "result"]


def _steps_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--force", action="store_true", help="make tables again that are up to date"
    )
    parser.add_argument(
        "--steps-of",
        metavar="all|N|A,B,..",
        help="each training step of the model, N log-spaced ones, or those at steps A, B, ...",
    )


def _ui_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=7860, help="port; default 7860")
    parser.add_argument("--share", action="store_true", help="open a Gradio share link")
    parser.add_argument("--auth", metavar="USER:PASS", help="ask for this user and password")
    parser.add_argument("--public", action="store_true", help="allow a share link without --auth")


def _setting_options(parser: argparse.ArgumentParser) -> None:
    """An option for every setting of an atlas, and of the Wikipedia corpus."""
    from kn_assets import wikipedia
    from kn_assets.atlas.settings import AtlasSettings

    _options_of(parser.add_argument_group("atlas"), AtlasSettings, set())
    # Both have a limit: it cuts the corpus and the atlas alike.
    _options_of(parser.add_argument_group("corpus wikipedia"), wikipedia.Settings, {"limit"})


def _options_of(group: Any, settings: Any, left_out: set[str]) -> None:
    """An option for every field of a settings dataclass; None where it isn't given."""
    types = get_type_hints(settings)
    for f in fields(settings):
        if f.name in left_out:
            continue
        name = f"--{f.name.replace('_', '-')}"
        told = f.metadata["help"].replace("%", "%%")
        if f.default not in (None, False, MISSING):
            told += f"; default {f.default}"
        if types[f.name] is bool:
            group.add_argument(name, action="store_true", default=None, help=told)
        else:
            group.add_argument(name, type=_scalar(types[f.name]), help=told)


def _scalar(hint: Any) -> type:
    """int, float or str out of a hint such as `int | None`."""
    kinds = getattr(hint, "__args__", (hint,))
    return next(k for k in (int, float, str) if k in kinds)


def _lake(args: argparse.Namespace) -> Lake:
    return Lake(args.data)


def _demo(args: argparse.Namespace) -> int:
    from kn_assets.atlas.settings import AtlasSettings
    from kn_assets.launch import Request, run

    if not args.no_ui:
        _check_port(args)
    given = {**DEMO, **({"limit": args.limit} if args.limit else {}), "lens": args.lens}
    run(Request(_lake(args), AtlasSettings().with_given(**given)))
    return 0 if args.no_ui else _ui(args)


def _run(args: argparse.Namespace) -> int:
    from kn_assets import wikipedia
    from kn_assets.atlas.settings import AtlasSettings
    from kn_assets.launch import Request, run
    from kn_assets.training import named_here, requests, unfinished

    atlas = AtlasSettings().with_given(**vars(args))
    taken = {f.name for f in fields(AtlasSettings)}
    wiki = {
        f.name: getattr(args, f.name)
        for f in fields(wikipedia.Settings)
        if f.name not in taken and getattr(args, f.name) is not None
    }
    given = {"wiki": wiki, "only": tuple(args.only or ()), "force": args.force}
    if getattr(args, "with_knowledge", False):
        own = {f.name: getattr(args, f.name, None) for f in fields(KnowledgeSettings)}
        told = {k: v for k, v in own.items() if v is not None}
        given["knowledge"] = KnowledgeSettings(**told).checked()
    lake = _lake(args)
    if word := unfinished(lake, atlas.model):
        print(f"kn: {word}", file=sys.stderr)
    if args.steps_of:
        from kn_assets.launch_steps import run_steps

        made = run_steps(requests(lake, atlas, args.steps_of, **given))
    else:
        made = run(Request(lake, named_here(lake, atlas), **given))
    if not made:
        print("everything is up to date", file=sys.stderr)
    return 0


def _plan(args: argparse.Namespace) -> int:
    from kn_assets import wikipedia
    from kn_assets.atlas.settings import AtlasSettings
    from kn_assets.launch import Request
    from kn_assets.plan_run import planned
    from kn_assets.progress import TerminalProgress
    from kn_assets.training import named_here

    lake = _lake(args)
    atlas = named_here(lake, AtlasSettings().with_given(**vars(args)).checked())
    given = {f.name: getattr(args, f.name, None) for f in fields(wikipedia.Settings)}
    wiki = {k: v for k, v in given.items() if v is not None}
    request = Request(lake, atlas, wiki=wiki)
    found = planned(request.plan, request.corpus, TerminalProgress())
    print(found)
    return int(bool(found.refusal))


def _train(args: argparse.Namespace) -> int:
    from kn_assets.progress import TerminalProgress
    from kn_assets.training import train

    settings = TrainSettings().with_given(**vars(args)).checked()
    folder = train(settings, _lake(args), TerminalProgress())
    print(
        f"checkpoints in {folder}: kn knowledge --corpus {settings.corpus} --model {settings.name} "
        "--limit 600 --steps-of all tells how it came to know"
    )
    return 0


def _check_port(args: argparse.Namespace) -> None:
    """Tell of a port in use before minutes of work, not after them."""
    from ui.serve import check_port

    check_port(args.host, args.port)


def _ui(args: argparse.Namespace) -> int:
    from ui.serve import serve

    blocks = serve(
        _lake(args), args.host, args.port, share=args.share, auth=args.auth, public=args.public
    )
    blocks.block_thread()
    return 0


def _sql(args: argparse.Namespace) -> int:
    from kn_assets.query import main_query

    main_query(_lake(args), args.query, args.format)
    return 0


def _page(args: argparse.Namespace) -> int:
    from kn_assets import wikipedia
    from kn_assets.models.load import load_tokenizer
    from kn_assets.models.source import resolve

    settings = wikipedia.Settings.of(
        contact=args.contact, base_url=args.base_url, keep_parentheses=args.keep_parentheses
    )
    try:
        tokenizer = load_tokenizer(resolve(args.model or "gpt2"), _lake(args))
    except KnError as e:
        if args.model:
            raise
        print(
            f"kn: no tokens are shown, since gpt2's tokenizer can't be had ({e})", file=sys.stderr
        )
        tokenizer = None
    print(wikipedia.page_summary(args.page, tokenizer, settings))
    return 0


def _prompts(args: argparse.Namespace) -> int:
    from kn_assets.listing import prompt_lines

    def note(text: str) -> None:
        print(f"kn: {text}", file=sys.stderr)

    for line in prompt_lines(_lake(args), args.corpus, args.model, args.limit, note):
        print(line)
    return 0


def _bench(args: argparse.Namespace) -> int:
    result = args.run(args)
    if args.json:
        print(result.to_json())
    else:
        print(result.to_markdown() if args.markdown else result)
    return 0


def _doctor(args: argparse.Namespace) -> int:
    from kn_assets.doctor import report

    return report(_lake(args))


if __name__ == "__main__":
    sys.exit(main())
