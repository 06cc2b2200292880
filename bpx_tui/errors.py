"""The only exception tree of the program.

Three questions decide where an error belongs: did the user give something unusable (`UsageError`), did the exchange
answer no (`Refused`), or can the outcome not be known (`OutcomeUnknown`)? Texts are written for the person at the
screen: what is wrong, and what to do. They never contain a secret, and foreign text in them is sanitised beforehand.
"""

from __future__ import annotations


class BpxError(Exception):
    """Anything this program raises on purpose. `str(error)` may be shown to the user as it is."""


class UsageError(BpxError):
    """Something the user typed, set or wrote in a file cannot be used; nothing was done."""


class InputError(UsageError):
    """A form field or a command line that does not read as what it should be."""


class ConfigError(UsageError):
    """A setting, config file or environment variable that cannot be used, or two that contradict each other."""


class CredentialsError(UsageError):
    """A key or secret that cannot be used. Never carries the value itself."""


class ExchangeError(BpxError):
    """Talking to the exchange did not give what was asked for."""


class NotSent(ExchangeError):
    """Not one byte of the request reached the exchange (DNS, refused connection, TLS, local budget): definitive."""


class Refused(ExchangeError):
    """The exchange answered no; nothing rests on the book.

    Attributes:
        code: the exchange's error code word (`INVALID_ORDER`), or `""` where the answer was plain text.
        message: the exchange's own text, sanitised and shortened.
        status: HTTP status, or 0 where there was none.
    """

    def __init__(self, message: str, *, code: str = "", status: int = 0) -> None:
        super().__init__(f"{message} ({code})" if code else message)
        self.code = code
        self.message = message
        self.status = status


class NotFound(Refused):
    """The thing asked for is not there. For an order this says only that it is not resting."""


class RateLimited(Refused):
    """Too many requests. `retry_after_seconds` is what the exchange asked for, or `None`."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None, status: int = 429) -> None:
        super().__init__(message, code="TOO_MANY_REQUESTS", status=status)
        self.retry_after_seconds = retry_after_seconds


class OutcomeUnknown(ExchangeError):
    """We sent it and cannot tell: show it in flight, ask the exchange, never send it again.

    `code` is the exchange's word where it answered with one (`MAINTENANCE`), else `""`. `lapses_ms` is the exchange
    time at which the signature ends and nothing can come of a copy under way, `None` where that is not known.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.lapses_ms: int | None = None


class Unavailable(ExchangeError):
    """A read failed in transport or on the exchange's side (timeout, dropped socket, 5xx, maintenance); try later.

    `code` as for `OutcomeUnknown`.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class UnreadableReply(ExchangeError):
    """A 2xx answer or a frame that is not what the specification says."""


class ConnectionLost(ExchangeError):
    """The WebSocket ended, for the reason given."""
