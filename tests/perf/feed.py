"""A market that sends exactly as many frames a second as it is asked to, in a process of its own.

It speaks just enough of the exchange for a screen without a key: the recorded depth stream with today's times, its book
as a snapshot, and a ticker, a mark and a few trades a second.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from aiohttp import WSMsgType, web

from tests.perf.recording import SYMBOL, Recording, load

_STAMP_END = len(b'{"data":{"E":1759338824001041,"T":1759338824000000')
_MARKET = {
    "symbol": SYMBOL,
    "baseSymbol": "SOL",
    "quoteSymbol": "USDC",
    "marketType": "SPOT",
    "orderBookState": "Open",
    "createdAt": "2025-01-21T06:34:54.691858",
    "visible": True,
    "filters": {
        "price": {"minPrice": "0.01", "maxPrice": None, "tickSize": "0.01"},
        "quantity": {"minQuantity": "0.01", "maxQuantity": None, "stepSize": "0.01"},
    },
}
_TICKER = {
    "symbol": SYMBOL,
    "firstPrice": "175.10",
    "lastPrice": "178.15",
    "high": "180.00",
    "low": "174.02",
    "priceChange": "3.05",
    "priceChangePercent": "0.017418",
    "volume": "1200345.11",
    "quoteVolume": "213841481.34",
    "trades": "24843",
}


class Feed:
    """Plays the recording to one socket at a steady rate and keeps the book that belongs to it."""

    def __init__(self, recording: Recording, rate: int) -> None:
        self._frames = recording.frames
        self._rate = rate
        self._last_id = recording.snapshot_id
        self._sides = {
            "b": _by_price(recording.bids),
            "a": _by_price(recording.asks),
        }

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", self._stream)
        app.router.add_get("/api/v1/depth", self._depth)
        for path, value in (
            ("status", {"status": "Ok", "message": None}),
            ("markets", [_MARKET]),
            ("tickers", [_TICKER]),
            ("ticker", _TICKER),
            ("klines", []),
            ("trades", []),
            ("markPrices", []),
            ("openInterest", []),
            ("fundingRates", []),
        ):
            app.router.add_get(f"/api/v1/{path}", _answering(json.dumps(value)))
        app.router.add_get("/api/v1/time", _time)
        return app

    async def _depth(self, _request: web.Request) -> web.Response:
        sides = {
            name: sorted(levels.items(), key=lambda level: float(level[0])) for name, levels in self._sides.items()
        }
        return web.json_response(
            {
                "lastUpdateId": str(self._last_id),
                "timestamp": time.time_ns() // 1000,
                "bids": [list(level) for level in sides["b"][-1000:]],
                "asks": [list(level) for level in sides["a"][:1000]],
            }
        )

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        async with asyncio.TaskGroup() as tasks:
            playing: list[asyncio.Task[None]] = []
            async for message in socket:
                if message.type is WSMsgType.TEXT and f"depth.{SYMBOL}" in message.data and not playing:
                    playing = [tasks.create_task(self._play(socket)), tasks.create_task(_beat(socket))]
            for task in playing:
                task.cancel()
        return socket

    async def _play(self, socket: web.WebSocketResponse) -> None:
        """Every frame at its own moment; when late, those that are due go out together."""
        began, sent = time.monotonic(), 0
        frames = iter(self._frames)
        while True:
            due = int((time.monotonic() - began) * self._rate)
            for _ in range(due - sent):
                await socket.send_str(self._next(frames))
            sent = max(sent, due)
            await asyncio.sleep(1 / self._rate)

    def _next(self, frames: Iterator[bytes]) -> str:
        frame = next(frames)
        change = json.loads(frame)["data"]
        self._last_id = change["u"]
        for side, levels in self._sides.items():
            for price, quantity in change[side]:
                if float(quantity):
                    levels[price] = quantity
                else:
                    levels.pop(price, None)
        now = time.time_ns() // 1000
        return f'{{"data":{{"E":{now},"T":{now}' + frame[_STAMP_END:].decode()


def _by_price(levels: list[list[str]]) -> dict[str, str]:
    return {price: quantity for price, quantity in levels}  # noqa: C416  `dict` does not see pairs in them


def _answering(body: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    return answer


async def _time(_request: web.Request) -> web.Response:
    return web.Response(text=str(time.time_ns() // 1_000_000), content_type="application/json")


async def _beat(socket: web.WebSocketResponse) -> None:
    """What every market sends even when nothing happens, and a few trades."""
    for count in range(1_000_000):
        now = time.time_ns() // 1000
        if count % 10 == 0:
            beat = {"e": "ticker", "E": now, "s": SYMBOL, "o": "175.10", "c": "178.15", "h": "180.00", "l": "174.02"}
            beat |= {"v": "1200345.11", "V": "213841481.34", "n": 24843}
            await socket.send_str(json.dumps({"stream": f"ticker.{SYMBOL}", "data": beat}))
        trade = {"e": "trade", "E": now, "T": now, "s": SYMBOL, "p": "178.15", "q": "1.20", "a": "1", "b": "2"}
        trade |= {"t": count, "m": count % 2 == 0}
        await socket.send_str(json.dumps({"stream": f"trade.{SYMBOL}", "data": trade}))
        await asyncio.sleep(0.1)


def _serve(rate: int, frames: int, ready: Connection) -> None:
    async def run() -> None:
        runner = web.AppRunner(Feed(load(frames), rate).app(), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        ready.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


@contextmanager
def feed(rate: int, frames: int) -> Iterator[int]:
    """The feed in its own process; gives its port on this machine."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(rate, frames, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join(10)
