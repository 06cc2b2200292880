"""The client's book against the simulated exchange's own, through its frames and the client's decoding, with faults."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest

from bpx_tui.exchange.wire_rest_market import decode_depth
from bpx_tui.exchange.wire_stream import decode_frame
from bpx_tui.model.book import OrderBook
from bpx_tui.model.ids import Symbol
from bpx_tui.model.quotes import DepthDelta
from bpx_tui.model.views import FeedState
from bpx_tui.simulator.control import Control
from tests.simulator.desk import Client, Listener, make_exchange, payload_of, run

SOL = Symbol("SOL_USDC_PERP")
STREAM = f"depth.{SOL}"
UPDATES = 10_000
FAULTS = ("drop_frame", "dup", "swap")


def arriving(listener: Listener) -> list[DepthDelta]:
    frames, listener.frames = listener.frames, []
    decoded = [decode_frame(payload_of(frame)) for frame in frames]
    assert all(isinstance(each, tuple) for each in decoded)
    return [each for each in decoded if isinstance(each, tuple)]


def equals(book: OrderBook, client: Client) -> bool:
    """Whether both sides are the exchange's, price for price; it sends its bids ascending."""
    told = client.public("/api/v1/depth", symbol=SOL, limit=1000).object()
    for mine, theirs in zip(book.top(1000), (list(told["bids"])[::-1], told["asks"]), strict=True):  # type: ignore[call-overload]
        if mine != [(Decimal(p), Decimal(q)) for p, q in theirs]:
            return False
    return bool(book.last_id == int(str(told["lastUpdateId"])))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_after_ten_thousand_updates_with_faults_it_is_the_exchanges_own_or_marked(seed: int) -> None:
    exchange, clock = make_exchange(seed=seed)
    client, listener, control = Client(exchange), Listener(exchange), Control(exchange)
    listener.subscribe(STREAM)
    book = OrderBook(SOL)
    compared = seen = 0

    def turn() -> None:
        nonlocal seen
        run(exchange, clock, 0.2)
        for delta in arriving(listener):
            seen += 1
            book.apply(delta)
        if book.needs_snapshot:
            book.load(decode_depth(client.public("/api/v1/depth", symbol=SOL, limit=1000).reply.body, SOL))

    for fault in FAULTS:
        body = {"fault": fault, "stream": STREAM, "probability": 0.005}
        assert control.handle("POST", "/_sim/faults", orjson.dumps(body))[0].status == 200
    while seen < UPDATES:
        turn()
        if book.state is not FeedState.LIVE:
            assert book.top(5) == ([], [])
        elif book.last_id == int(str(client.public("/api/v1/depth", symbol=SOL).object()["lastUpdateId"])):
            assert equals(book, client), f"seed {seed}: live and different at {book.last_id}"
            compared += 1
    assert min(book.gaps, book.duplicates, book.resyncs) > 10
    assert compared > 50
    for fault in FAULTS:
        off = {"fault": fault, "off": True}
        assert control.handle("POST", "/_sim/faults", orjson.dumps(off))[0].status == 200
    for _ in range(100):
        turn()
        if book.state is FeedState.LIVE and equals(book, client):
            return
    pytest.fail(f"seed {seed}: not the exchange's book 20 s after the faults ended")
