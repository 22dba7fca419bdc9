"""The HTTP client: pages, the API, and the site's rules.

Follows Wikimedia's User-Agent policy and API etiquette: the operator's contact in every request,
few connections, one rate over the whole client, `maxlag` on API requests, Retry-After obeyed,
otherwise exponential backoff with jitter, and a slower client after every 429.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode, urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    wait_random_exponential,
)

from kn_assets.corpora.wikipedia.html.document import decode
from kn_assets.corpora.wikipedia.http.exchange import Again, Exchange, Failed, Response, Transport
from kn_assets.corpora.wikipedia.http.policy import AGENT, Pace, retry_after
from kn_assets.corpora.wikipedia.http.settings import Settings
from kn_assets.errors import KnError
from kn_assets.lake.json_text import parsed

_MAX_REDIRECTS = 5
_LONGEST_QUERY = 6000


@dataclass(frozen=True)
class Answer:
    """A page as it was fetched: `html` is UTF-8 whatever the charset it was sent in."""

    url: str
    final_url: str
    status: int
    html: bytes


class Client:
    """Fetches pages and asks the API. Use it as a context manager; safe to use from threads.

    Raises KnError where the settings hold no contact.
    """

    def __init__(self, settings: Settings, transport: Transport | None = None) -> None:
        self.settings = settings
        self._exchange = Exchange(settings, transport)
        self.stopped = self._exchange.stopped
        """While set, waiting requests give up, so that a run can end without sitting them out."""
        self._robots: RobotFileParser | None = None

    @property
    def pace(self) -> Pace:
        """The rate that all requests keep to."""
        return self._exchange.pace

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._exchange.close()

    def page_url(self, title: str) -> str:
        """The address of a title's page."""
        name = quote(title.replace(" ", "_"), safe="/:;@$!*(),~'-._")
        return f"{self.settings.base_url.rstrip('/')}/wiki/{name}"

    def page(self, url: str) -> Answer:
        """The page at an address. Raises Failed with the reason where there is none to be had."""
        if not self._allowed(url):
            raise Failed("robots.txt of the site keeps programs out of this page")
        return self._retrying(lambda: self._page(url))

    def query(self, parameters: dict[str, str]) -> dict[str, Any]:
        """One answer of the Action API. Raises Failed."""
        return self._retrying(lambda: self._api(parameters))

    def check(self) -> None:
        """Read the site's robots.txt, once. Raises KnError where the site can't be reached."""
        if self._robots is not None:
            return
        url = self.settings.base_url.rstrip("/") + "/robots.txt"
        robots = RobotFileParser()
        try:
            robots.parse(self._retrying(lambda: self._text(url), patient=False).splitlines())
        except Failed as e:
            if e.unreachable:
                raise KnError(unreachable(self.settings.base_url, str(e))) from e
            if e.status not in (404, 410, 403):
                raise KnError(
                    f"can't read {url} ({e}): try again later, or check --base-url"
                ) from e
            robots.parse([])
        if delay := robots.crawl_delay(AGENT):
            self._exchange.pace = Pace(min(self.settings.rate, 1 / float(delay)), self.stopped)
        self._robots = robots

    # -- one request ----------------------------------------------------------------------------

    def _retrying(self, request: Callable[[], Any], patient: bool = True) -> Any:
        """Try a request as often as it is set, or but three times where there is no network."""
        backoff = wait_random_exponential(multiplier=self.settings.backoff, max=60)

        def failure(state: RetryCallState) -> Again:
            failed = state.outcome.exception() if state.outcome else None
            assert isinstance(failed, Again)
            return failed

        def stop(state: RetryCallState) -> bool:
            most = self.settings.attempts
            few = not patient and failure(state).unreachable
            return state.attempt_number >= (min(3, most) if few else most)

        def wait(state: RetryCallState) -> float:
            # Retry-After is already being waited for by the whole client.
            return 0.0 if failure(state).wait_s is not None else backoff(state)

        return Retrying(
            sleep=sleep_using_event(self.stopped),
            stop=stop,
            wait=wait,
            retry=retry_if_exception_type(Again),
            reraise=True,
        )(request)

    def _page(self, url: str) -> Answer:
        at = url
        for _ in range(_MAX_REDIRECTS + 1):
            response, body = self._exchange.send(at)
            if response.is_redirect:
                at = self._next_hop(at, response)
                continue
            kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
            if kind not in ("text/html", "application/xhtml+xml"):
                raise Failed(f"not HTML but {kind or 'of no type'}", response.status_code)
            html = decode(body, response.charset_encoding).encode("utf-8", "replace")
            if not html or _is_cut_off(html):
                raise Again("page cut off", response.status_code)
            return Answer(url, at, response.status_code, html)
        raise Failed("too many redirects", response.status_code)

    def _next_hop(self, at: str, response: Response) -> str:
        target = urljoin(at, response.headers["location"])
        if urlsplit(target).netloc != urlsplit(at).netloc and not _same_site(target, at):
            raise Failed(
                f"redirected to another site, {urlsplit(target).netloc}", response.status_code
            )
        return target

    def _text(self, url: str) -> str:
        response, body = self._exchange.send(url)
        if response.is_redirect:
            raise Failed("redirected", 404)
        return decode(body)

    def _api(self, parameters: dict[str, str]) -> dict[str, Any]:
        url = f"{self.settings.base_url.rstrip('/')}/w/api.php"
        asked = urlencode({**parameters, "maxlag": str(self.settings.maxlag)})
        # 50 titles in other scripts can outgrow what proxies take as an address.
        if len(asked) <= _LONGEST_QUERY:
            response, body = self._exchange.send(f"{url}?{asked}", is_api=True)
        else:
            response, body = self._exchange.send(url, form=asked, is_api=True)
        try:
            answer = parsed(body)
        except ValueError:
            raise Again("the API's answer is no JSON", response.status_code) from None
        if not isinstance(answer, dict):
            raise Failed("the API's answer is no object", response.status_code)
        if error := answer.get("error"):
            code = str(error.get("code"))
            if code in (
                "maxlag",
                "ratelimited",
                "readonly",
                "internal_api_error_DBConnectionError",
            ):
                wait = retry_after(response.headers.get("retry-after", "")) or float(
                    error.get("lag") or self.settings.maxlag
                )
                raise self._exchange.held_up(f"the API says {code}", response.status_code, wait)
            raise Failed(f"the API says {code}: {error.get('info')}", response.status_code)
        return answer

    def _allowed(self, url: str) -> bool:
        return self._robots is None or self._robots.can_fetch(AGENT, url)


def unreachable(base_url: str, reason: str) -> str:
    """The line that tells of a missing network."""
    return (
        f"can't reach {base_url} ({reason}): check the network or --base-url, then run the same "
        "command again; what is fetched is kept"
    )


def _is_cut_off(html: bytes) -> bool:
    """Whether a whole page, as opposed to a bare body, lacks its end."""
    return (b"<html" in html[:2000].lower()) and b"</html" not in html[-4096:].lower()


def _same_site(a: str, b: str) -> bool:
    """Whether two addresses share their last two labels: en.m.wikipedia.org, en.wikipedia.org."""
    ends = [(urlsplit(u).hostname or "").split(".")[-2:] for u in (a, b)]
    return ends[0] == ends[1] and len(ends[0]) == 2 and not ends[0][-1].isdigit()
