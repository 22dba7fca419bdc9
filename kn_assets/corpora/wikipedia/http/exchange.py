"""One request and its whole answer, sent as politely as the site asks.

The one module that imports httpx. Every request waits for its turn, every answer that asks to wait
holds up the whole client, and what may pass is told apart from what won't.
"""

from __future__ import annotations

import threading
import time

import httpx

from kn_assets.corpora.wikipedia.http.policy import Pace, retry_after, user_agent
from kn_assets.corpora.wikipedia.http.settings import Settings

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})

Response = httpx.Response
Transport = httpx.BaseTransport


class Failed(Exception):
    """A request which gave nothing usable; the text is the reason that is recorded.

    `status` is the HTTP status, 0 where no answer came; `unreachable` says that the network failed.
    """

    def __init__(self, reason: str, status: int = 0, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.status, self.unreachable = status, unreachable


class Again(Failed):
    """A failure that may pass. `wait_s` is how long the server asked to wait, None if it didn't."""

    def __init__(
        self, reason: str, status: int = 0, unreachable: bool = False, wait_s: float | None = None
    ) -> None:
        super().__init__(reason, status, unreachable)
        self.wait_s = wait_s


class Exchange:
    """Sends requests, each in its turn; safe to use from threads.

    Raises KnError where the settings hold no contact.
    """

    def __init__(self, settings: Settings, transport: Transport | None = None) -> None:
        self.settings = settings
        self.stopped = threading.Event()
        """While set, waiting requests give up."""
        self.pace = Pace(settings.rate, self.stopped)
        self._http = httpx.Client(
            headers={"User-Agent": user_agent(settings.contact), "Accept-Encoding": "gzip"},
            timeout=httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout),
            limits=httpx.Limits(max_connections=settings.concurrency),
            follow_redirects=False,
            transport=transport,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(
        self, url: str, form: str | None = None, is_api: bool = False
    ) -> tuple[Response, bytes]:
        """One request and its whole body, unpacked. Raises Again or Failed but for 2xx and 3xx."""
        method, headers = ("GET", None) if form is None else ("POST", _FORM)
        if not self.pace.turn():
            raise Failed("the run was stopped")
        try:
            with self._http.stream(method, url, content=form, headers=headers) as response:
                self._refuse(response, is_api)
                body = self._body(response)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as e:
            raise Again(f"can't connect ({e or type(e).__name__})", unreachable=True) from e
        except httpx.DecodingError as e:
            raise Again(f"damaged answer ({e})") from e
        except httpx.HTTPError as e:
            raise Again(f"connection lost ({type(e).__name__}: {e})") from e
        except httpx.InvalidURL as e:
            raise Failed(f"no valid address ({e})") from e
        self.pace.went_well()
        return response, body

    def _refuse(self, response: Response, is_api: bool) -> None:
        status = response.status_code
        is_lag = status == 503 and "x-database-lag" in response.headers
        if response.is_redirect and response.headers.get("location"):
            return
        if status < 300 or (is_lag and is_api):
            return  # the API tells of its lag in the body, too
        wait = retry_after(response.headers.get("retry-after", ""))
        if status == 429:
            self.pace.slow_down()
            raise self.held_up("HTTP 429", status, wait)
        if status == 503 and wait is not None:
            raise self.held_up("HTTP 503", status, wait)
        if status in _RETRIED:
            raise Again(f"HTTP {status}", status)
        raise Failed(f"HTTP {status}", status)

    def held_up(self, reason: str, status: int, wait_s: float | None) -> Failed:
        """The failure to raise where the server asks to wait: all threads wait."""
        if wait_s is None:
            return Again(reason, status)
        if wait_s > self.settings.max_wait:
            return Failed(f"{reason}, asks to wait {wait_s:.0f} s", status)
        self.pace.pause(wait_s)
        return Again(reason, status, wait_s=wait_s)

    def _body(self, response: Response) -> bytes:
        most, until = self.settings.max_body, time.monotonic() + self.settings.total_timeout
        if int(response.headers.get("content-length") or 0) > most:
            raise Failed(f"larger than {most} bytes", response.status_code)
        packed = response.headers.get_list("content-encoding", split_commas=True)
        if [coding.strip().lower() for coding in packed] not in ([], ["gzip"], ["identity"]):
            # Each more multiplies what a few bytes unpack to by a thousand.
            raise Failed(f"packed as {', '.join(packed)}, not as asked for", response.status_code)
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > most:
                raise Failed(f"larger than {most} bytes", response.status_code)
            if time.monotonic() > until:
                raise Again(f"took over {self.settings.total_timeout:.0f} s", response.status_code)
        return bytes(body)
