"""What goes out: one subscription for many, only what changed, private streams freshly signed."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator

import pytest
from nacl.signing import SigningKey, VerifyKey

from bpx_tui.config.credentials import Credentials
from bpx_tui.errors import UsageError
from bpx_tui.exchange.operations import READ_ONLY_INSTRUCTIONS
from bpx_tui.exchange.signing import Signer
from bpx_tui.exchange.wire_stream import StreamError, Unrecognised
from tests.exchange.stream_venue import Desk, StreamVenue, connected, running, until

SEED = bytes(range(32))


@pytest.fixture
async def venue() -> AsyncIterator[StreamVenue]:
    venue = StreamVenue()
    await venue.server.start_server()
    yield venue
    await venue.server.close()


def signer() -> Signer:
    public = bytes(SigningKey(SEED).verify_key)
    return Signer(Credentials(b64encode(public).decode(), b64encode(SEED).decode()), READ_ONLY_INSTRUCTIONS)


async def test_what_is_wanted_in_one_turn_goes_out_in_one_frame(venue: StreamVenue) -> None:
    async with connected(venue, "depth.SOL_USDC", "trade.SOL_USDC") as desk:
        assert venue.newest.received == [{"method": "SUBSCRIBE", "params": ["depth.SOL_USDC", "trade.SOL_USDC"]}]
        desk.client.want("ticker.SOL_USDC")
        desk.client.want("markPrice.SOL_USDC_PERP")
        desk.client.release("trade.SOL_USDC")
        await until(lambda: len(venue.newest.received) == 3)
        assert venue.newest.received[1:] == [
            {"method": "UNSUBSCRIBE", "params": ["trade.SOL_USDC"]},
            {"method": "SUBSCRIBE", "params": ["ticker.SOL_USDC", "markPrice.SOL_USDC_PERP"]},
        ]


async def test_a_stream_is_subscribed_once_and_kept_until_the_last_release(venue: StreamVenue) -> None:
    async with connected(venue, "depth.SOL_USDC") as desk:
        desk.client.want("depth.SOL_USDC")
        desk.client.release("depth.SOL_USDC")
        desk.client.want("trade.SOL_USDC")
        await until(lambda: len(venue.newest.received) == 2)
        assert venue.newest.subscribed == ["depth.SOL_USDC", "trade.SOL_USDC"]
        desk.client.release("depth.SOL_USDC")
        await until(lambda: venue.newest.subscribed == ["trade.SOL_USDC"])


async def test_wanting_and_releasing_in_one_turn_sends_nothing(venue: StreamVenue) -> None:
    async with connected(venue, "depth.SOL_USDC") as desk:
        desk.client.want("ticker.SOL_USDC")
        desk.client.release("ticker.SOL_USDC")
        desk.client.release("depth.SOL_USDC")
        desk.client.want("depth.SOL_USDC")
        await desk.clock.advance(1)
        desk.client.want("trade.SOL_USDC")
        await until(lambda: len(venue.newest.received) == 2)
        assert venue.newest.received[1] == {"method": "SUBSCRIBE", "params": ["trade.SOL_USDC"]}


async def test_releasing_what_nobody_wants_is_an_error() -> None:
    with pytest.raises(ValueError, match="released more often"):
        Desk("ws://127.0.0.1:1/").client.release("depth.SOL_USDC")


async def test_renewing_touches_one_stream_only(venue: StreamVenue) -> None:
    async with connected(venue, "depth.SOL_USDC", "depth.BTC_USDC") as desk:
        desk.client.renew("depth.SOL_USDC")
        await until(lambda: len(venue.newest.received) == 3)
        assert venue.newest.received[1:] == [
            {"method": "UNSUBSCRIBE", "params": ["depth.SOL_USDC"]},
            {"method": "SUBSCRIBE", "params": ["depth.SOL_USDC"]},
        ]


async def test_private_streams_are_signed_with_a_fresh_time_on_every_socket(venue: StreamVenue) -> None:
    async with connected(venue, "depth.SOL_USDC", "account.orderUpdate", signer=signer()) as desk:
        first = venue.newest.received
        venue.newest.drop()
        await desk.wait_out_the_retry()
        await until(lambda: desk.is_open(2) and len(venue.newest.received) == 2)
        frames = [first, venue.newest.received]
    assert [[frame["params"] for frame in sent] for sent in frames] == [
        [["depth.SOL_USDC"], ["account.orderUpdate"]]
    ] * 2
    times = []
    for sent in frames:
        assert "signature" not in sent[0]
        api_key, signature, timestamp, window = sent[1]["signature"]
        message = f"instruction=subscribe&timestamp={timestamp}&window={window}".encode()
        VerifyKey(b64decode(api_key)).verify(message, b64decode(signature))
        times.append(int(timestamp))
    assert times[1] > times[0]


async def test_private_streams_need_a_key(venue: StreamVenue) -> None:
    async with running(Desk(venue.url)) as desk:
        with pytest.raises(UsageError, match="API key"):
            desk.client.want("account.orderUpdate")
        await until(desk.is_open)
        assert venue.newest.received == []


async def test_errors_reach_the_service_and_the_socket_stays(venue: StreamVenue) -> None:
    async with connected(venue, "depth.NO_SUCH") as desk:
        await venue.newest.send({"id": None, "error": {"code": 4005, "message": "Invalid market"}})
        await venue.newest.send({"id": None, "error": {"code": 4006, "message": "Invalid stream\x1b]0;x\x07"}})
        await venue.newest.send({"result": None, "id": 1})
        await until(lambda: len(desk.events) == 3)
        assert desk.events == [
            StreamError(4005, "Invalid market"),
            StreamError(4006, "Invalid stream\ufffd]0;x\ufffd"),
            Unrecognised("", ""),
        ]
        assert desk.is_open()
        assert desk.client.unproven() == ("depth.NO_SUCH",)
