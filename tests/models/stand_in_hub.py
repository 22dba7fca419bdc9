"""A small Hugging Face hub on loopback: repositories with revisions, and the ways they can fail.

It serves what `from_pretrained` asks for: HEAD and GET of resolved files with etag and commit
headers, the model's and its revisions' descriptions, and file listings. The answers to errors
carry the `X-Error-Code` headers by which the client library tells them apart.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

_FILE = re.compile(r"/(?P<repo>[^/]+(?:/[^/]+)?)/resolve/(?P<revision>[^/]+)/(?P<file>.+)")
_TREE = re.compile(r"/api/models/(?P<repo>.+)/tree/(?P<revision>[^/]+)(?:/.*)?")
_REFS = re.compile(r"/api/models/(?P<repo>.+)/refs")
_REVISION = re.compile(r"/api/models/(?P<repo>.+)/revision/(?P<revision>[^/]+)")
_MODEL = re.compile(r"/api/models/(?P<repo>[^/]+(?:/[^/]+)?)")


@dataclass
class StandInHub:
    """`repositories[name][revision]` is the folder whose files the hub serves as that revision."""

    repositories: dict[str, dict[str, Path]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    token: str = "hf_let_me_in"
    broken: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    endpoint: str = ""

    def folder(self, repo: str, revision: str) -> Path | None:
        revisions = self.repositories[repo]
        by_commit = {commit(repo, r): f for r, f in revisions.items()}
        return revisions.get(revision) or by_commit.get(revision)


def commit(repo: str, revision: str) -> str:
    """The 40 hexadecimal digits that stand for a revision."""
    return hashlib.sha1(f"{repo}@{revision}".encode()).hexdigest()


def environment(endpoint: str, home: Path) -> dict[str, str]:
    """For a process that asks the hub at `endpoint` alone, and waits for it on a busy machine, too.

    home: the folder of its cache.
    """
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING"))}
    patience = dict.fromkeys(("HF_HUB_ETAG_TIMEOUT", "HF_HUB_DOWNLOAD_TIMEOUT"), "100")
    return {**ours, **patience, "HF_ENDPOINT": endpoint, "HF_HOME": str(home)}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: StandInHub

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {path}")
        patterns = (_FILE, _TREE, _REFS, _REVISION, _MODEL)
        match = next((m for m in (p.fullmatch(path) for p in patterns) if m), None)
        if match is None:
            self.refuse(404, "", "no such page")
            return
        parts = match.groupdict()
        repo, revision = parts["repo"], parts.get("revision", "main")
        refusal = self.refusal(repo, revision, match.re is _FILE)
        if refusal:
            self.refuse(*refusal)
            return
        if match.re is _REFS:
            branches = [
                {"name": r, "ref": f"refs/heads/{r}", "targetCommit": commit(repo, r)}
                for r in self.hub.repositories[repo]
            ]
            refs = {"branches": branches, "tags": [], "converts": []}
            self.send(200, json.dumps(refs).encode(), {"Content-Type": "application/json"}, body)
            return
        folder = self.hub.folder(repo, revision)
        assert folder is not None
        sha = revision if len(revision) == 40 else commit(repo, revision)
        if match.re is _FILE:
            self.send_file(folder / parts["file"], sha, body)
            return
        files = [
            {"type": "file", "path": f.name, "rfilename": f.name, "size": f.stat().st_size}
            | {"oid": hashlib.sha1(f.read_bytes()).hexdigest()}
            for f in sorted(folder.iterdir())
        ]
        about = {"id": repo, "modelId": repo, "sha": sha, "siblings": files}
        found = files if match.re is _TREE else about
        self.send(200, json.dumps(found).encode(), {"Content-Type": "application/json"}, body)

    def refusal(self, repo: str, revision: str, is_file: bool) -> tuple[int, str, str] | None:
        """Status, error code and text of the answer where it is no."""
        if repo in self.hub.broken:
            return 500, "", "out of order"
        if repo not in self.hub.repositories:
            return 401, "RepoNotFound", "Repository not found"
        token = f"Bearer {self.hub.token}"
        if repo in self.hub.gated and is_file and self.headers.get("Authorization") != token:
            return 403, "GatedRepo", "Access to this model is restricted"
        if self.hub.folder(repo, revision) is None:
            return 404, "RevisionNotFound", "Invalid rev id"
        return None

    def send_file(self, file: Path, sha: str, body: bool) -> None:
        if not file.is_file():
            return self.refuse(404, "EntryNotFound", "Entry not found", {"X-Repo-Commit": sha})
        data = file.read_bytes()
        etag = hashlib.sha1(data).hexdigest()
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": sha, "Accept-Ranges": "bytes"}
        return self.send(200, data, headers, body)

    def refuse(
        self, status: int, code: str, text: str, headers: dict[str, str] | None = None
    ) -> None:
        named = {"X-Error-Code": code, "X-Error-Message": text} if code else {}
        self.send(status, text.encode(), {**named, **(headers or {})}, self.command != "HEAD")

    def send(self, status: int, data: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def kept_port() -> Iterator[int]:
    """A port of loopback for `serving`, which refuses while nothing is served and is nobody else's
    until the block ends.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))  # and not listened on
        yield held.getsockname()[1]


@contextmanager
def serving(hub: StandInHub, port: int = 0) -> Iterator[StandInHub]:
    """Serve `hub` on a free loopback port, written to `hub.endpoint`, until the block ends."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
