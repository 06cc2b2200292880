"""The strict reader of HTTP answers: the same answer however it is cut, and no answer where there is a doubt."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.exchange.http_reply import MAX_HEAD_BYTES, BrokenReply, RawReply, ReplyReader, ReplyTooLarge

LIMIT = 1_000


def read(data: bytes, *, ends: bool = False) -> RawReply | None:
    reader = ReplyReader(LIMIT)
    return reader.feed(data) or (reader.ended() if ends else None)


def head(*lines: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    return "\r\n".join([status, *lines, "", ""]).encode("latin-1")


WHOLE = {
    "length": (head("Content-Length: 5") + b"hello", b"hello", True),
    "length twice the same": (head("Content-Length: 5", "content-length: 5") + b"hello", b"hello", True),
    "empty": (head("Content-Length: 0"), b"", True),
    "no content": (head(status="HTTP/1.1 204 No Content"), b"", True),
    "no reason": (head("Content-Length: 2", status="HTTP/1.1 200") + b"ok", b"ok", True),
    "closing": (head("Content-Length: 2", "Connection: Close") + b"ok", b"ok", False),
    "closing, said second": (head("Content-Length: 2", "Connection: x", "Connection: close") + b"ok", b"ok", False),
    "no content, though chunked": (head("Transfer-Encoding: chunked", status="HTTP/1.1 204 No Content"), b"", True),
    "not modified, though long": (head("Content-Length: 9", status="HTTP/1.1 304 Not Modified"), b"", True),
    "old protocol": (head("Content-Length: 2", status="HTTP/1.0 200 OK") + b"ok", b"ok", False),
    "chunked": (head("Transfer-Encoding: chunked") + b"3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n", b"hello", True),
    "chunked, trailer": (head("Transfer-Encoding: Chunked") + b"2\r\nok\r\n0\r\nX: 1\r\n\r\n", b"ok", True),
    "interim": (head(status="HTTP/1.1 100 Continue") + head("Content-Length: 2") + b"ok", b"ok", True),
    "identity": (head("Content-Length: 2", "Content-Encoding: identity") + b"ok", b"ok", True),
}


@pytest.mark.parametrize(("data", "body", "keep_alive"), WHOLE.values(), ids=WHOLE)
def test_a_whole_answer_is_read(data: bytes, body: bytes, keep_alive: bool) -> None:
    reply = read(data)
    assert reply is not None
    assert (reply.body, reply.keep_alive) == (body, keep_alive)


@given(st.sampled_from(sorted(WHOLE)), st.lists(st.integers(1, 100), max_size=8))
def test_the_same_answer_however_it_is_cut(name: str, cuts: list[int]) -> None:
    data, body, keep_alive = WHOLE[name]
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    reader = ReplyReader(LIMIT)
    replies = [reader.feed(data[start:end]) for start, end in itertools.pairwise(edges)]
    assert replies[:-1] == [None] * (len(replies) - 1)
    assert replies[-1] is not None
    assert (replies[-1].body, replies[-1].keep_alive) == (body, keep_alive)


@pytest.mark.parametrize(("data", "body", "keep_alive"), WHOLE.values(), ids=WHOLE)
def test_an_answer_cut_short_is_not_whole_and_not_ended(data: bytes, body: bytes, keep_alive: bool) -> None:
    for kept in range(len(data)):
        reader = ReplyReader(LIMIT)
        assert reader.feed(data[:kept]) is None
        with pytest.raises(BrokenReply):
            reader.ended()


def test_without_a_length_the_end_of_the_connection_is_the_end() -> None:
    assert read(head("X: y") + b"all of it") is None
    reply = read(head("X: y") + b"all of it", ends=True)
    assert reply is not None
    assert (reply.body, reply.keep_alive) == (b"all of it", False)


def test_more_than_the_answer_makes_the_connection_unusable() -> None:
    reply = read(head("Content-Length: 2") + b"ok" + head("Content-Length: 0"))
    assert reply is not None
    assert (reply.body, reply.keep_alive) == (b"ok", False)


def test_headers_are_found_in_any_case_and_kept_apart() -> None:
    reply = read(head("RETRY-after:  7 ", "Age: 1", "Age: 2", "Content-Length: 0"))
    assert reply is not None
    assert reply.headers["Retry-After"] == "7"
    assert reply.headers.getall("age") == ["1", "2"]


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 000 OK\r\n\r\n",
        head("Content-Length: abc"),
        head("Content-Length: -1"),
        head("Content-Length: +1"),
        head("Content-Length: 1_0"),
        head("Content-Length: 1", "Content-Length: 2"),
        head("Content-Length: \xb2"),
        head("Content-Length: 5", "Transfer-Encoding: chunked"),
        head("Transfer-Encoding: gzip, chunked"),
        head("Transfer-Encoding: identity"),
        head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        head("Content-Length: 2", "Content-Encoding: gzip"),
        head("no colon"),
        head(": no name"),
        head("Spaced : 1"),
        head(" folded: 1"),
        head("X: a\nContent-Length: 0"),
        head("X: \0"),
        head("X: a\rSet-Cookie: b", "Content-Length: 0"),
        head("Upgrade: h2c", status="HTTP/1.1 101 Switching Protocols"),
        head("Transfer-Encoding: chunked") + b"zz\r\n",
        head("Transfer-Encoding: chunked") + b"-1\r\n",
        head("Transfer-Encoding: chunked") + b"\r\n",
        head("Transfer-Encoding: chunked") + b"2\r\nokNO",
        head("Transfer-Encoding: chunked") + b"1" * 300,
    ],
)
def test_where_there_is_a_doubt_there_is_no_answer(data: bytes) -> None:
    with pytest.raises(BrokenReply):
        read(data)


@pytest.mark.parametrize(
    "data",
    [
        head(f"Content-Length: {LIMIT + 1}"),
        head("X: y") + b"x" * (LIMIT + 1),
        head("Transfer-Encoding: chunked") + f"{LIMIT + 1:x}\r\n".encode(),
        head("Transfer-Encoding: chunked") + (b"ff\r\n" + b"x" * 255 + b"\r\n") * 4,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * MAX_HEAD_BYTES,
        head("Transfer-Encoding: chunked") + b"0\r\n" + b"X: y\r\n" * MAX_HEAD_BYTES,
    ],
)
def test_what_is_too_large_is_refused_before_it_is_held(data: bytes) -> None:
    with pytest.raises(ReplyTooLarge):
        read(data)


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_an_answer_no_answer_yet_or_broken(data: bytes, after_a_head: bool) -> None:
    start = head("Transfer-Encoding: chunked") if after_a_head else b""
    try:
        read(start + data, ends=True)
    except BrokenReply:
        return


def test_many_interim_answers_in_a_row_are_no_trouble() -> None:
    reply = read(head(status="HTTP/1.1 103 Early Hints") * 5_000 + head("Content-Length: 0"))
    assert reply is not None
