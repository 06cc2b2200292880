"""What an answer means for an order and for a read: the whole table, and the recorded error bodies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.errors import ExchangeError, NotFound, OutcomeUnknown, RateLimited, Refused, Unavailable
from bpx_tui.exchange.rest_errors import Reply, failed_status, is_clock_refusal, is_definitive_code

RECORDED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "backpack" / "samples" / "rest" / "errors.json").read_text()
)
HTML = b"<!DOCTYPE html><HTML><HEAD><TITLE>ERROR</TITLE></HEAD><BODY>" + b"x" * 9_000


def reply(status: int, body: object = None, content_type: str = "application/json", **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return Reply(status, {"Content-Type": content_type, **headers}, raw)


def said(code: str, message: str = "why") -> dict[str, str]:
    return {"code": code, "message": message}


DEFINITIVE_CODES = [
    "ACCOUNT_DEACTIVATED",
    "ACCOUNT_LIQUIDATING",
    "BORROW_LIMIT",
    "BORROW_REQUIRES_LEND_REDEEM",
    "FORBIDDEN",
    "INSUFFICIENT_FUNDS",
    "INSUFFICIENT_MARGIN",
    "INSUFFICIENT_SUPPLY",
    "INVALID_ASSET",
    "INVALID_CLIENT_REQUEST",
    "INVALID_MARKET",
    "INVALID_ORDER",
    "INVALID_PRICE",
    "INVALID_POSITION_ID",
    "INVALID_QUANTITY",
    "INVALID_RANGE",
    "INVALID_SIGNATURE",
    "INVALID_SOURCE",
    "INVALID_SYMBOL",
    "INVALID_TWO_FACTOR_CODE",
    "LEND_LIMIT",
    "LEND_REQUIRES_BORROW_REPAY",
    "MAX_LEVERAGE_REACHED",
    "NOT_IMPLEMENTED",
    "ORDER_LIMIT",
    "POSITION_LIMIT",
    "UNAUTHORIZED",
]
NOT_DEFINITIVE_CODES = ["MAINTENANCE", "PRECONDITION_FAILED", "SERVER_ERROR", "TIMEOUT", "TOO_EARLY", "TRADING_PAUSED"]


@pytest.mark.parametrize("code", DEFINITIVE_CODES)
def test_a_400_with_a_definitive_word_is_a_refusal(code: str) -> None:
    error = failed_status(reply(400, said(code)), changes=True)
    assert type(error) is Refused
    assert (error.code, error.message, error.status) == (code, "why", 400)
    assert is_definitive_code(code)


@pytest.mark.parametrize("code", [*NOT_DEFINITIVE_CODES, "SOMETHING_NEW", "INVALID", ""])
def test_a_400_with_any_other_word_leaves_an_order_unknown(code: str) -> None:
    error = failed_status(reply(400, said(code)), changes=True)
    assert type(error) is OutcomeUnknown
    assert error.code == code
    assert not is_definitive_code(code)


@pytest.mark.parametrize("code", NOT_DEFINITIVE_CODES)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 503])
def test_a_word_that_is_not_definitive_is_not_trusted_under_any_status(code: str, status: int) -> None:
    error = failed_status(reply(status, said(code)), changes=True)
    assert type(error) is (RateLimited if status == 429 else OutcomeUnknown)
    read = failed_status(reply(status, said(code)), changes=False)
    assert isinstance(read, RateLimited | Unavailable)
    assert status == 429 or read.code == code


@pytest.mark.parametrize("status", [401, 403, 404, 405, 413, 414, 415])
@pytest.mark.parametrize("body", [b"", b"nope", HTML, b'{"code":"FORBIDDEN","message":"no"}'], ids=len)
def test_these_statuses_are_refusals_whatever_the_body(status: int, body: bytes) -> None:
    error = failed_status(reply(status, body), changes=True)
    assert isinstance(error, Refused)
    assert isinstance(error, NotFound) is (status == 404)


@pytest.mark.parametrize(
    "status",
    [100, 300, 301, 302, 307, 308, 402, 406, 408, 409, 418, 425, 431, 451, 499, 500, 501, 502, 503, 504, 520, 530],
)
@pytest.mark.parametrize("body", [b"", b"nope", HTML, b"{}"], ids=len)
def test_everything_else_leaves_an_order_unknown(status: int, body: bytes) -> None:
    assert type(failed_status(reply(status, body), changes=True)) is OutcomeUnknown


@pytest.mark.parametrize(
    "text",
    [
        'failed to parse parameter `interval`: failed to parse "KlineInterval": Expect a valid enumeration value.',
        'parse request payload error: failed to parse "Decimal": Invalid decimal: unknown character',
    ],
)
@pytest.mark.parametrize("changes", [True, False])
def test_a_plain_text_400_is_a_refusal_in_the_exchanges_words(text: str, changes: bool) -> None:
    error = failed_status(reply(400, text.encode(), "text/plain"), changes=changes)
    assert type(error) is Refused
    assert (error.message, error.code) == (text, "")


@pytest.mark.parametrize("body", [HTML, b""])
def test_a_400_that_did_not_come_from_the_exchange_proves_nothing(body: bytes) -> None:
    assert type(failed_status(reply(400, body, "text/html"), changes=True)) is OutcomeUnknown


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: f"{row['status']} {row['when'][:40]}")
def test_recorded_errors(row: dict[str, Any]) -> None:
    body = row["body"] if "body" in row else row["text"].encode()
    error = failed_status(reply(row["status"], body, row["content_type"]), changes=True)
    assert isinstance(error, Refused | OutcomeUnknown)
    if row["status"] >= 500:
        assert isinstance(error, OutcomeUnknown)
    if isinstance(body, dict):
        assert body["message"] in str(error)


def test_what_is_not_there_is_not_found_however_it_is_said() -> None:
    for answer in (
        reply(404, said("RESOURCE_NOT_FOUND", "Order not found")),
        reply(400, said("INVALID_CLIENT_REQUEST", "Order not found")),
        reply(404, b"Not Found", "text/plain"),
    ):
        assert type(failed_status(answer, changes=True)) is NotFound
    assert type(failed_status(reply(503, said("RESOURCE_NOT_FOUND")), changes=True)) is OutcomeUnknown


@pytest.mark.parametrize(
    ("message", "is_clock"),
    [
        ("Request has expired", True),
        ("Invalid timestamp: must be within 10 minutes of current time", True),
        ("Invalid signature", False),
    ],
)
def test_a_refusal_for_the_clock_is_definitive_and_recognised(message: str, is_clock: bool) -> None:
    error = failed_status(reply(400, said("INVALID_CLIENT_REQUEST", message)), changes=True)
    assert isinstance(error, Refused)
    assert is_clock_refusal(error) is is_clock


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": "Wed, 21 Oct 2026 07:29:00 GMT"}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
    ],
)
def test_too_many_requests_tells_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    for changes in (True, False):
        error = failed_status(reply(429, b"slow down", "text/plain", **headers), changes=changes)
        assert isinstance(error, RateLimited)
        assert error.retry_after_seconds == seconds


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_web_page_is_named_and_not_shown(status: int) -> None:
    error = failed_status(reply(status, HTML, "text/html"), changes=False)
    assert isinstance(error, Unavailable)
    assert "DOCTYPE" not in str(error)
    assert "a web page came" in str(error)


def test_a_redirect_hints_at_a_login_page() -> None:
    assert "network login page" in str(failed_status(reply(302), changes=False))


@given(st.integers(100, 599), st.binary(max_size=600), st.sampled_from(["application/json", "text/plain", "text/html"]))
def test_any_answer_gives_a_short_safe_error(status: int, body: bytes, content_type: str) -> None:
    for changes in (True, False):
        error = failed_status(reply(status, body, content_type), changes=changes)
        assert isinstance(error, ExchangeError)
        assert len(str(error)) < 500
        assert str(error).isprintable() or "\ufffd" in str(error) or " " in str(error)
        assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in str(error))
        if changes and status >= 500:
            assert isinstance(error, OutcomeUnknown)
