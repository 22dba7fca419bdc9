"""The commands that open the app: on what there is, or on the demo's atlas while it is made.

What a command needs is imported when it runs, so that `kn --help` is quick.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kn_assets.lake import Lake
from kn_assets.launch.background import CORPUS, LIMIT, MODEL

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
    request = Request(Lake(args.data), AtlasSettings().with_given(**given), wait=not args.no_wait)
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


def ui(args: argparse.Namespace) -> int:
    """Serve the app until it is stopped."""
    return _served(args, [])


def _served(args: argparse.Namespace, asked: list[Wish]) -> int:
    """The app, which makes what was asked for; what an earlier one left undone waits for a word."""
    from kn_assets.database.database import keep_own
    from kn_assets.launch.background.queue import Queue
    from ui.access import is_own
    from ui.serve import serve, wait

    lake = Lake(args.data)
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


def _check_served(args: argparse.Namespace) -> None:
    """Tell what keeps the app from being served before minutes of work, not after them."""
    from ui.access import check_open, credentials
    from ui.middleware import check_frames
    from ui.serve import check_port, check_root

    check_open(args.host, args.share, args.public, credentials(args.auth))
    check_port(args.host, args.port)
    check_root(args.root_path)
    check_frames(args.frame_ancestor or ())
