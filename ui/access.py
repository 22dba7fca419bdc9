"""Who may reach the app: who is on this machine or knows a password, or anybody if told so."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kn_assets.errors import KnError

LOCAL = ("127.0.0.1", "localhost", "::1")
VARIABLE = "KN_AUTH"
"""The environment's USER:PASS: other users of the machine see what a command line says."""


def credentials(auth: str | None) -> tuple[str, str] | None:
    """User and password: of `auth`, USER:PASS or @FILE, else of KN_AUTH; None where none is given.

    Raises KnError where they are malformed or the file can't be read.
    """
    told = auth if auth is not None else os.environ.get(VARIABLE)
    if told is None:
        return None
    if told.startswith("@"):
        try:
            told = Path(told[1:]).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as e:
            raise KnError(f"can't read the password's file {told[1:]}: {e}") from e
    user, colon, password = told.partition(":")
    user = user.strip()  # as Gradio does with what is typed
    if not (user and colon and password):
        raise KnError(
            f"a password is USER:PASS, for example reader:secret, in {VARIABLE} or --auth @FILE"
        )
    return user, password


def login(app: Any, cookies: Mapping[str, str]) -> str | None:
    """The token of who logged in to Gradio's `app`, of which each login has one of its own."""
    names = (f"access-token-{app.cookie_id}", f"access-token-unsecure-{app.cookie_id}")
    tokens = (cookies[name] for name in names if name in cookies)
    return next((str(token) for token in tokens if token in app.tokens), None)


def is_own(host: str, share: bool, auth: str | None, proxied: bool = False) -> bool:
    """Whether nobody but who started the app, on this machine, can reach it. proxied: whether a
    proxy does, whose visitors come from this machine for all the app sees.
    """
    return host in LOCAL and not share and not proxied and credentials(auth) is None


def check_open(host: str, share: bool, public: bool, known: tuple[str, str] | None) -> None:
    """Raise KnError where strangers could reach an app without a password, unless told so."""
    if known is not None or public:
        return
    if share:
        raise KnError(
            "a share link lets anyone in who has it: give USER:PASS in KN_AUTH or --auth @FILE, or "
            "--public to allow it"
        )
    if host not in LOCAL:
        raise KnError(
            f"whoever reaches {host} could use the app: give USER:PASS in KN_AUTH or --auth @FILE, "
            "or --public to allow it"
        )


_PATH = re.compile(
    r"(?<![\w/.:])(?:[A-Za-z]:\\|/)"  # a root, but not that of an address
    r"(?:[^\s/\\'\"`:,;()<>|]+[/\\])+([^\s/\\'\"`:,;()<>|]*)"
)


def without_paths(text: str) -> str:
    """A text for strangers: of each path of the machine its last name is left."""
    return _PATH.sub(r"…/\1", text)
