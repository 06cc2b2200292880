"""One HTTP/1.1 answer, read strictly from bytes as they arrive.

Strict, because a guess about where an answer ends could take one answer for another: whatever is ambiguous is refused.
Never decompresses (nothing compressed is asked for) and never holds more than it is told to.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from multidict import CIMultiDict

MAX_HEAD_BYTES = 64 * 1024
_MAX_LINE_BYTES = 256

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n]*)?")
_HEADER_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(rb"[\0\r\n]")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[^\r\n]*)?")


class BrokenReply(Exception):
    """The bytes are not one whole HTTP answer."""


class ReplyTooLarge(BrokenReply):
    """The answer is larger than any that the exchange sends."""


class RawReply(NamedTuple):
    """A whole answer, and whether its connection may carry another request."""

    status: int
    headers: CIMultiDict[str]
    body: bytes
    keep_alive: bool


class ReplyReader:
    """Reads one answer. `feed` gives it once it is whole; the reader is then done.

    Raises `BrokenReply` from `feed` and `ended` for anything that is not HTTP/1.1.
    """

    def __init__(self, max_body_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._buffer = bytearray()
        self._status = 0
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._keep_alive = False
        self._length: int | None = None
        self._chunked = False
        self._chunks: list[bytes] = []
        self._taken = 0

    def feed(self, data: bytes) -> RawReply | None:
        """Take in what arrived; the answer, or `None` while it is not whole."""
        self._buffer += data
        while not self._status:
            if not self._read_head():
                return None
        if self._chunked:
            return self._read_chunks()
        if self._length is None:
            self._require_room(len(self._buffer))
            return None  # its end is the end of the connection
        if len(self._buffer) < self._length:
            return None
        return self._whole(bytes(self._buffer[: self._length]), self._length)

    def ended(self) -> RawReply:
        """The connection was closed by the exchange: the answer, if that is how it ends."""
        if not self._status or self._chunked or self._length is not None:
            raise BrokenReply("the connection ended within the answer")
        return self._whole(bytes(self._buffer), len(self._buffer))

    def _whole(self, body: bytes, used: int) -> RawReply:
        alone = len(self._buffer) == used  # bytes that nobody asked for make the connection unusable
        return RawReply(self._status, self._headers, body, self._keep_alive and alone)

    def _read_head(self) -> bool:
        """Read one head, the real one or an interim one; `False` while it is not whole."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or end > MAX_HEAD_BYTES:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise ReplyTooLarge("the head of the answer is too large")
            return False
        first, *lines = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + 4]
        matched = _STATUS_LINE.fullmatch(first)
        if matched is None:
            raise BrokenReply("the answer is not HTTP/1.1")
        status = int(matched[2])
        if status == 101:
            raise BrokenReply("the answer changes the protocol, which was not asked for")
        if status < 200:
            return True  # an interim answer; the real one follows
        self._status, self._headers = status, _headers(lines)
        wishes = ",".join(self._headers.getall("Connection", [])).lower()
        self._keep_alive = matched[1] == b"1" and "close" not in wishes
        self._find_length()
        return True

    def _find_length(self) -> None:
        if self._status in (204, 304):  # never have a body, whatever their headers say
            self._length = 0
            return
        coding = self._headers.get("Content-Encoding", "identity").strip().lower()
        if coding != "identity":
            raise BrokenReply("the answer is compressed, which was not asked for")
        lengths = {value.strip() for value in self._headers.getall("Content-Length", [])}
        transfer = self._headers.getall("Transfer-Encoding", [])
        if transfer:
            if lengths or [value.strip().lower() for value in transfer] != ["chunked"]:
                raise BrokenReply("the length of the answer is ambiguous")
            self._chunked = True
        elif lengths:
            (length, *others) = lengths
            if others or not (length.isascii() and length.isdigit()) or len(length) > 15:
                raise BrokenReply("the length of the answer is ambiguous")
            self._length = int(length)
            self._require_room(self._length)
        else:
            self._keep_alive = False

    def _require_room(self, size: int) -> None:
        if size > self._max_body_bytes:
            raise ReplyTooLarge("the answer is larger than any of the exchange")

    def _read_chunks(self) -> RawReply | None:
        while (line_end := self._buffer.find(b"\r\n")) >= 0:
            matched = _CHUNK_SIZE.fullmatch(bytes(self._buffer[:line_end]))
            if matched is None:
                raise BrokenReply("a chunk of the answer has no size")
            size = int(matched[1], 16)
            if size == 0:
                return self._read_trailer(line_end)
            self._require_room(self._taken + size)
            start, end = line_end + 2, line_end + 2 + size
            if len(self._buffer) < end + 2:
                return None
            if self._buffer[end : end + 2] != b"\r\n":
                raise BrokenReply("a chunk of the answer does not end where it says")
            self._chunks.append(bytes(self._buffer[start:end]))
            self._taken += size
            del self._buffer[: end + 2]
        if len(self._buffer) > _MAX_LINE_BYTES:
            raise BrokenReply("a chunk of the answer has no size")
        return None

    def _read_trailer(self, line_end: int) -> RawReply | None:
        """Whatever headers follow the last chunk are dropped; an empty line ends them."""
        if self._buffer[line_end + 2 : line_end + 4] == b"\r\n":
            end = line_end + 4
        else:
            found = self._buffer.find(b"\r\n\r\n", line_end)
            if found < 0:
                if len(self._buffer) > MAX_HEAD_BYTES:
                    raise ReplyTooLarge("the trailer of the answer is too large")
                return None
            end = found + 4
        return self._whole(b"".join(self._chunks), end)


def _headers(lines: list[bytes]) -> CIMultiDict[str]:
    headers: CIMultiDict[str] = CIMultiDict()
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or _HEADER_NAME.fullmatch(name) is None or _CONTROL.search(value):
            raise BrokenReply("a header of the answer is malformed")
        headers.add(name.decode("ascii"), value.strip().decode("latin-1"))
    return headers
