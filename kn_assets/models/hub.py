"""What can go wrong with the Hugging Face hub, said in one line each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kn_assets.errors import KnError
from kn_assets.models.source import ModelSource


def reach(source: ModelSource) -> None:
    """Fetch the model's config.json, from the cache if it is there: the first and cheapest step.

    Raises KnError for an unknown name or revision, a gated model, no network.
    """
    from huggingface_hub import hf_hub_download

    with hub_said_plainly(source):
        hf_hub_download(source.ref, "config.json", revision=source.revision)


@contextmanager
def hub_said_plainly(source: ModelSource) -> Iterator[None]:
    """Turn the hub's errors, also those that transformers wraps, into one line."""
    try:
        yield
    except OSError as e:
        for cause in _chain(e):
            text = _said(cause, source)
            if text:
                raise KnError(text) from e
        raise


def _said(e: BaseException, source: ModelSource) -> str | None:
    """The line for one exception, None for one that says nothing of the hub."""
    import httpx
    from huggingface_hub import constants, errors

    where, name = constants.ENDPOINT, source.ref
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
            (errors.LocalEntryNotFoundError, httpx.TransportError),
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
