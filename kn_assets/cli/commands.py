"""What each `kn` command does, out of its parsed arguments: calls of the library, thin.

Each returns the exit code. What a command needs is imported when it runs, so that `kn --help` is
quick.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from kn_assets.errors import KnError
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.lake import Lake
from kn_assets.launch.background import CORPUS, LIMIT, MODEL
from kn_assets.training.settings import TrainSettings

if TYPE_CHECKING:
    from kn_assets.launch.background.wishes import Wish
    from kn_assets.launch.request import Request

DEMO = {"corpus": CORPUS, "model": MODEL, "limit": LIMIT}


def demo(args: argparse.Namespace) -> int:
    """Make what prompts can be explored by, then open the app, which goes on to make the rest."""
    from kn_assets.atlas.settings import AtlasSettings
    from kn_assets.launch.background import first_import
    from kn_assets.launch.background.demo import FIRST
    from kn_assets.launch.background.wishes import Wish
    from kn_assets.launch.request import Request
    from kn_assets.launch.run import run

    if not args.no_ui:
        _check_served(args)
    given = {**DEMO, **({"limit": args.limit} if args.limit else {}), "lens": args.lens}
    request = Request(_lake(args), AtlasSettings().with_given(**given), wait=not args.no_wait)
    if args.foreground or args.no_ui:
        run(request)
        return 0 if args.no_ui else ui(args)
    with first_import.ahead():
        # Tables of another atlas would stand beside the new ones until it is their turn.
        if _has_another(request):
            run(request)
        else:
            run(replace(request, atlas=replace(request.atlas, lens="lazy"), only=FIRST))
    return _served(args, [Wish("demo", limit=args.limit, lens=args.lens)])


def _has_another(request: Request) -> bool:
    """Whether the lake has an atlas of this name that will be made again."""
    lake = request.lake
    notes = (
        lake.meta(request.plan.model, "atlases"),
        lake.meta(request.corpus.partition, "prompts"),
    )
    return None not in notes and "atlases" in request.stale_atlas()


def run(args: argparse.Namespace) -> int:
    """Make an atlas, or one of each step, with its knowledge where that was asked for."""
    from kn_assets.atlas.settings import AtlasSettings
    from kn_assets.launch.request import Request
    from kn_assets.launch.run import run
    from kn_assets.launch.steps import requests
    from kn_assets.training import named_here, unfinished

    atlas = AtlasSettings().with_given(**vars(args))
    given: dict[str, Any] = {"wiki": _wiki(args), "only": tuple(args.only or ())}
    given |= {"force": args.force, "wait": not args.no_wait}
    if getattr(args, "with_knowledge", False):
        own = {f.name: getattr(args, f.name, None) for f in fields(KnowledgeSettings)}
        told = {k: v for k, v in own.items() if v is not None}
        given["knowledge"] = KnowledgeSettings(**told).checked()
    lake = _lake(args)
    if word := unfinished(lake, atlas.model):
        print(f"kn: {word}", file=sys.stderr)
    if args.steps_of:
        from kn_assets.launch.steps import run_steps

        made = run_steps(requests(lake, atlas, args.steps_of, **given))
    else:
        made = run(Request(lake, named_here(lake, atlas), **given))
    if not made:
        print("everything is up to date", file=sys.stderr)
    return 0


def plan(args: argparse.Namespace) -> int:
    """Tell what a run would take; 1 where it doesn't fit."""
    from kn_assets.atlas.settings import AtlasSettings
    from kn_assets.launch.forecast import planned
    from kn_assets.launch.request import Request
    from kn_assets.progress import TerminalProgress
    from kn_assets.training import named_here

    lake = _lake(args)
    atlas = named_here(lake, AtlasSettings().with_given(**vars(args)).checked())
    request = Request(lake, atlas, wiki=_wiki(args))
    found = planned(request.plan, request.corpus, TerminalProgress())
    print(found)
    return int(bool(found.refusal))


def verify(args: argparse.Namespace) -> int:
    """Tell how far an atlas is off; 1 where it is beyond the bounds of its dtype."""
    from kn_assets.atlas.plan import AtlasPlan
    from kn_assets.atlas.verification.verify import verify
    from kn_assets.models.source import resolve
    from kn_assets.progress import TerminalProgress

    lake = _lake(args)
    keys = {partition.key for partition in lake.partitions("model")}
    key = args.model if args.model in keys else resolve(args.model, args.revision).key
    if key not in keys:
        raise KnError(f"there is no atlas {key}: `kn run --model {args.model}` makes it")
    found = verify(AtlasPlan.of(lake, key), TerminalProgress(), args.prompts, args.seed)
    print(found)
    return int(not found.holds)


def train(args: argparse.Namespace) -> int:
    """Train the small GPT-2."""
    from kn_assets.progress import TerminalProgress
    from kn_assets.training import train

    settings = TrainSettings().with_given(**vars(args)).checked()
    lake = _lake(args)
    lake.make(lake.root)
    with lake.writing(not args.no_wait):
        folder = train(settings, lake, TerminalProgress(), args.until)
    print(
        f"checkpoints in {folder}: kn knowledge --corpus {settings.corpus} --model {settings.name} "
        "--limit 600 --steps-of all tells how it came to know"
    )
    return 0


def ui(args: argparse.Namespace) -> int:
    """Serve the app until it is stopped."""
    return _served(args, [])


def _served(args: argparse.Namespace, asked: list[Wish]) -> int:
    """The app, which makes what was asked for; what an earlier one left undone waits for a word."""
    from kn_assets.database.database import keep_own
    from kn_assets.launch.background.queue import Queue
    from ui.access import is_own
    from ui.serve import serve, wait

    lake = _lake(args)
    keep_own(lake)
    _check_served(args)
    proxied = bool(args.root_path or args.allowed_host)
    own = is_own(args.host, args.share, args.auth, proxied)
    making = Queue.open(lake, asked, paused=not asked) if asked or own else None
    how: dict[str, Any] = {"share": args.share, "auth": args.auth, "public": args.public}
    how |= {"allowed_hosts": args.allowed_host or (), "root_path": args.root_path}
    how |= {"frame_ancestors": args.frame_ancestor or ()}
    try:
        wait(serve(lake, args.host, args.port, **how, making=making))
    finally:
        if making is not None:
            making.close()
    return 0


def sql(args: argparse.Namespace) -> int:
    """Print what a query finds."""
    from kn_assets.database.database import keep_own
    from kn_assets.database.query import main_query

    lake = _lake(args)
    keep_own(lake)
    main_query(lake, args.query, args.format)
    return 0


def partitions(args: argparse.Namespace) -> int:
    """Make partitions known to Dagster's own page, and print them, a line each."""
    from kn_assets.launch.run import register

    for family, keys in register(_lake(args), args.model or ()).items():
        for key in keys:
            print(f"{family} {key}")
    return 0


def page(args: argparse.Namespace) -> int:
    """Print what is kept of a page."""
    from kn_assets.corpora import wikipedia
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


def prompts(args: argparse.Namespace) -> int:
    """Print the prompts of a corpus, a line each."""
    from kn_assets.cli.prompts import prompt_lines

    def note(text: str) -> None:
        print(f"kn: {text}", file=sys.stderr)

    for line in prompt_lines(_lake(args), args.corpus, args.model, args.limit, note):
        print(line)
    return 0


def bench(args: argparse.Namespace) -> int:
    """Run a benchmark and print its result."""
    result = args.run(args)
    if args.json:
        print(result.to_json())
    else:
        print(result.to_markdown() if args.markdown else result)
    return 0


def doctor(args: argparse.Namespace) -> int:
    """Print what is installed, reachable and made."""
    from kn_assets.cli.doctor import report

    return report(_lake(args), args.deep)


def _lake(args: argparse.Namespace) -> Lake:
    return Lake(args.data)


def _wiki(args: argparse.Namespace) -> dict[str, Any]:
    """The given settings of the Wikipedia corpus alone, without those that an atlas has too."""
    from kn_assets.atlas.settings import AtlasSettings
    from kn_assets.corpora import wikipedia

    own = {f.name for f in fields(wikipedia.Settings)} - {f.name for f in fields(AtlasSettings)}
    return {k: v for k, v in vars(args).items() if k in own and v is not None}


def _check_served(args: argparse.Namespace) -> None:
    """Tell what keeps the app from being served before minutes of work, not after them."""
    from ui.access import check_open, credentials
    from ui.middleware import check_frames
    from ui.serve import check_port, check_root

    check_open(args.host, args.share, args.public, credentials(args.auth))
    check_port(args.host, args.port)
    check_root(args.root_path)
    check_frames(args.frame_ancestor or ())
