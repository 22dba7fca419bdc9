"""The Hugging Face hub: where a name leads, and what can go wrong there, said in one line each."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kn_assets.errors import KnError
from kn_assets.models.source import ModelSource

ADAPTER = "adapter_config.json"
"""What PEFT saves beside an adapter's weights."""


def reach(source: ModelSource) -> dict[str, Any]:
    """Find the commit that name and revision stand for now, and fetch its config.json.

    Returns the arguments that pin `from_pretrained` to that commit. Where the hub can't be reached
    they pin it to what is on this machine: left alone it would repeat each question for half a
    minute. Raises KnError for an unknown name or revision, a gated model, no network, an adapter.
    """
    from huggingface_hub import (
        get_hf_file_metadata,
        hf_hub_download,
        hf_hub_url,
        try_to_load_from_cache,
    )

    name, revision = source.ref, source.revision or "main"
    with hub_said_plainly(source):
        try:
            if _holds(name, ADAPTER, revision):
                raise KnError(adapter(source))
            get_hf_file_metadata(hf_hub_url(name, "config.json", revision=revision))
        except Exception as e:
            cached = try_to_load_from_cache(name, "config.json", revision=revision)
            if not _is_away(e) or not isinstance(cached, str):
                raise
            if (Path(cached).parent / ADAPTER).exists():
                raise KnError(adapter(source)) from e
            return {"revision": Path(cached).parent.name, "local_files_only": True}
        config = hf_hub_download(name, "config.json", revision=revision)
    return {"revision": Path(config).parent.name}


def adapter(source: ModelSource) -> str:
    """That a source is a change to another model, in words."""
    return (
        f"{source} holds an adapter ({ADAPTER}), which isn't applied: merge it into its model, "
        "save that in a folder without this file, and give the folder"
    )


def _holds(name: str, file: str, revision: str) -> bool:
    """Whether a revision on the hub has a file."""
    from huggingface_hub import errors, get_hf_file_metadata, hf_hub_url

    try:
        get_hf_file_metadata(hf_hub_url(name, file, revision=revision))
    except errors.RemoteEntryNotFoundError:
        return False
    return True


def _is_away(e: Exception) -> bool:
    """Whether the hub gave no answer of its own: no network, offline mode, out of order."""
    import httpx2  # what huggingface_hub speaks HTTP with
    from huggingface_hub import errors

    if isinstance(e, errors.HfHubHTTPError):
        return e.response.status_code == 429 or e.response.status_code >= 500
    return isinstance(e, httpx2.TransportError | errors.OfflineModeIsEnabled)


@contextmanager
def hub_said_plainly(source: ModelSource) -> Iterator[None]:
    """Turn the hub's errors, also those that transformers wraps, into one line."""
    import httpx2

    try:
        yield
    except (OSError, httpx2.TransportError) as e:
        for cause in _chain(e):
            text = _said(cause, source)
            if text:
                raise KnError(text) from e
        raise


def _said(e: BaseException, source: ModelSource) -> str | None:
    """The line for one exception, None for one that says nothing of the hub."""
    import httpx2
    from huggingface_hub import constants, errors

    where, name = constants.ENDPOINT, source.ref
    if isinstance(e, OSError) and e.errno == errno.ENOSPC:
        return (
            f"the disk of {constants.HF_HUB_CACHE} is full, where models of the hub are kept: free "
            "some space or set HF_HOME to another folder"
        )
    lines: list[tuple[type[BaseException] | tuple[type[BaseException], ...], str]] = [
        # The more special classes come first: a gated repository is one that wasn't found, too.
        (
            errors.GatedRepoError,
            f"{name} is gated: ask for access on its page, then set HF_TOKEN",
        ),
        (
            errors.RevisionNotFoundError,
            f"{name} has no revision {source.revision}: its page lists its branches",
        ),
        (
            errors.RepositoryNotFoundError,
            f"there is no model {name} on {where}, or it is private: check the name, or set "
            "HF_TOKEN",
        ),
        (
            errors.RemoteEntryNotFoundError,
            f"{source} lacks a file that is needed to load it as a language model",
        ),
        (
            errors.HfHubHTTPError,
            f"{where} failed to answer for {source} ({_status(e)}): try again later",
        ),
        (
            errors.OfflineModeIsEnabled,
            f"{source} isn't on this machine and HF_HUB_OFFLINE is set: unset it to download",
        ),
        (
            (errors.LocalEntryNotFoundError, httpx2.TransportError),
            f"can't reach {where} for {source}, which isn't on this machine: check the network "
            "(or HF_ENDPOINT), or use the embedded model",
        ),
    ]
    return next((line for kind, line in lines if isinstance(e, kind)), None)


def _status(e: BaseException) -> str:
    response = getattr(e, "response", None)
    return f"HTTP {response.status_code}" if response is not None else type(e).__name__


def _chain(e: BaseException | None) -> Iterator[BaseException]:
    """The innermost cause first: it knows best."""
    if e is not None:
        yield from _chain(e.__cause__ or e.__context__)
        yield e
