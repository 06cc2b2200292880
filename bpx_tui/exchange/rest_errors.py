"""What a failed REST call means: nothing was sent, the exchange said no, or it cannot be known.

For a request that changes something the difference is money, so only what proves that nothing happened counts as a no
(RELIABILITY 6.3). A read has no such question: it failed and may be tried again, or it was refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import aiohttp
import orjson

from bpx_tui.errors import (
    ExchangeError,
    NotFound,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unavailable,
    UnreadableReply,
)
from bpx_tui.exchange.connect_errors import MESSAGE_LIMIT, why_not_connected
from bpx_tui.exchange.http_reply import BrokenReply
from bpx_tui.exchange.sanitise import clean
from bpx_tui.exchange.signed_lane import NotConnected

_DEFINITIVE_PREFIXES = ("INVALID_", "INSUFFICIENT_", "BORROW_", "LEND_", "ACCOUNT_")
_DEFINITIVE_CODES = frozenset(
    {
        "FORBIDDEN",
        "MAX_LEVERAGE_REACHED",
        "NOT_IMPLEMENTED",
        "ORDER_LIMIT",
        "POSITION_LIMIT",
        "RESOURCE_NOT_FOUND",
        "TOO_MANY_REQUESTS",
        "UNAUTHORIZED",
    }
)
_DEFINITIVE_STATUSES = frozenset({401, 403, 404, 405, 413, 414, 415, 429})
_TRY_LATER_CODES = frozenset(
    {"MAINTENANCE", "PRECONDITION_FAILED", "SERVER_ERROR", "TIMEOUT", "TOO_EARLY", "TRADING_PAUSED"}
)
_TRY_LATER_STATUSES = frozenset({408, 425, 499})
_CLOCK_WORDS = ("request has expired", "invalid timestamp")
_WEB_PAGE = "a web page came instead of an answer (a network login page, or an error page on the way)"


class Reply(NamedTuple):
    """An HTTP answer whose body has been read. Header names are as the HTTP library compares them: any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_web_page(self) -> bool:
        kind = self.headers.get("Content-Type", "").lower()
        return "html" in kind or self.body[:64].lstrip().startswith(b"<")

    @property
    def is_plain_text(self) -> bool:
        """Whether it can be one of the exchange's messages about a request that it could not parse."""
        start = self.body[:64].lstrip()
        return bool(start) and not self.is_web_page and not start.startswith((b"{", b"["))

    @property
    def age_seconds(self) -> int:
        """How long a cache on the way had held this answer; 0 where it does not say."""
        return self._whole_number("Age") or 0

    @property
    def total_rows(self) -> int | None:
        """How many rows the pages of a list hold together (`X-TOTAL`), where the exchange says so."""
        return self._whole_number("X-TOTAL")

    @property
    def retry_after_seconds(self) -> float | None:
        """What `Retry-After` asks for, whether in seconds or as a date (which is read against `Date`)."""
        asked = self.headers.get("Retry-After", "").strip()
        if (seconds := self._whole_number("Retry-After")) is not None:
            return float(seconds)
        try:
            until = parsedate_to_datetime(asked)
            wait = until - parsedate_to_datetime(self.headers.get("Date", ""))
        except (ValueError, TypeError, OverflowError):
            return None
        return max(0.0, wait.total_seconds())

    def _whole_number(self, header: str) -> int | None:
        value = self.headers.get(header, "").strip()
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


def is_definitive_code(code: str) -> bool:
    """Whether this word of the exchange's proves that an order was not accepted. Words we do not know prove nothing."""
    return code in _DEFINITIVE_CODES or code.startswith(_DEFINITIVE_PREFIXES)


def is_clock_refusal(refused: Refused) -> bool:
    """Whether the request was refused for its timestamp: measure the exchange's clock again. Nothing was done."""
    said = refused.message.lower()
    return any(words in said for words in _CLOCK_WORDS)


def failed_status(reply: Reply, *, changes: bool) -> ExchangeError:
    """The meaning of an answer that is not 2xx. `changes`: the request was to change something."""
    status = reply.status
    code, message = _what_it_says(reply)
    if status == 429 or (code == "TOO_MANY_REQUESTS" and 400 <= status < 500):
        return RateLimited(message, retry_after_seconds=reply.retry_after_seconds, status=status)
    if _is_refusal(reply, code, changes):
        absent = status == 404 or code == "RESOURCE_NOT_FOUND" or (status == 400 and "not found" in message.lower())
        return (NotFound if absent else Refused)(message, code=code, status=status)
    said = f"{code}: {message}" if code else message
    if changes:
        return OutcomeUnknown(f"The exchange answered {status} ({said}): the outcome is not known.", code=code)
    return Unavailable(f"The exchange answered {status} ({said}).", code=code)


def _is_refusal(reply: Reply, code: str, changes: bool) -> bool:
    status = reply.status
    if not 400 <= status < 500 or status in _TRY_LATER_STATUSES or code in _TRY_LATER_CODES:
        return False
    if not changes or status in _DEFINITIVE_STATUSES:
        return True
    return is_definitive_code(code) if code else status == 400 and reply.is_plain_text


def _what_it_says(reply: Reply) -> tuple[str, str]:
    """Code word and message, for people: JSON where it is JSON, else the start of the text."""
    if 300 <= reply.status < 400:
        return "", "a redirect, which is never followed; a network login page?"
    if reply.is_web_page:
        return "", _WEB_PAGE
    try:
        parsed: object = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        parsed = None
    if isinstance(parsed, dict):
        code, message = parsed.get("code"), parsed.get("message")
        return (
            clean(code, 64) if isinstance(code, str) else "",
            clean(message, MESSAGE_LIMIT) if isinstance(message, str) and message else "no reason given",
        )
    text = reply.body[: 4 * MESSAGE_LIMIT].decode("utf-8", "replace").strip()
    return "", clean(text, MESSAGE_LIMIT) or "no reason given"


def unusable_answer(problem: str, reply: Reply | None, *, changes: bool) -> ExchangeError:
    """The meaning of a 2xx answer that is not what was asked for."""
    reason = _WEB_PAGE if reply is not None and reply.is_web_page else problem
    if changes:
        return OutcomeUnknown(f"The answer cannot be read: {reason} The outcome is not known.")
    return UnreadableReply(f"The answer cannot be read: {reason}")


def failed_transport(error: Exception, host: str, *, changes: bool) -> ExchangeError:
    """The meaning of a call that brought no answer."""
    unsent = _unsent_reason(error, host)
    if unsent is not None:
        return NotSent(f"Not sent: {unsent}") if changes else Unavailable(unsent)
    if isinstance(error, BrokenReply):
        return unusable_answer(f"{error}.", None, changes=changes)
    lost = "no answer in time." if isinstance(error, TimeoutError) else "the connection broke before the answer."
    if changes:
        return OutcomeUnknown(f"Sent to {host}, but {lost} The outcome is not known.")
    return Unavailable(f"{host}: {lost}")


def _unsent_reason(error: Exception, host: str) -> str | None:
    """Why not one byte of the request can have left, or `None` where that is not certain."""
    if isinstance(error, NotConnected):
        return str(error)
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
        return f"{why_not_connected(error, host)}."
    if isinstance(error, aiohttp.InvalidURL):
        return "the address of the exchange is not a URL."
    return None
