"""Orders and cancels: sent once, one outcome each, doubt stays visible until the exchange has spoken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bpx_tui.errors import BpxError, NotFound, NotSent, OutcomeUnknown, RateLimited, Refused, UnreadableReply
from bpx_tui.model.enums import OrderStatus, Side
from bpx_tui.model.orders import OrderEventKind
from bpx_tui.service.intents import Mode, OutcomeKind, PlaceOrder
from tests.fakes import values
from tests.service.desk_parts import Bench


async def test_an_order_is_sent_once_and_accepted() -> None:
    async with Bench().running() as bench:
        outcome = await bench.outcome(bench.press(values.request()))
        assert outcome.kind is OutcomeKind.ACCEPTED
        assert len(bench.venue.placed) == 1
        assert bench.venue.placed[0].client_id
        assert bench.states() == ["open"]


@pytest.mark.parametrize(
    ("error", "kind", "state", "reached"),
    [
        (Refused("too little", code="INSUFFICIENT_FUNDS", status=400), OutcomeKind.REFUSED, "refused", True),
        (RateLimited("slow down"), OutcomeKind.REFUSED, "refused", True),
        (NotSent("no route"), OutcomeKind.REFUSED, "not sent", False),
        (OutcomeUnknown("502"), OutcomeKind.UNKNOWN, "unknown", True),
        (UnreadableReply("not JSON"), OutcomeKind.UNKNOWN, "unknown", True),
    ],
)
async def test_every_answer_has_its_outcome(error: BpxError, kind: OutcomeKind, state: str, reached: bool) -> None:
    async with Bench().running() as bench:
        bench.venue.script("place", error)
        outcome = await bench.outcome(bench.press(values.request()))
        assert (outcome.kind, outcome.reached_exchange) == (kind, reached)
        assert bench.states() == [state]
        assert len(bench.venue.placed) == 1


async def test_an_order_that_executed_before_the_error_is_found_and_never_sent_again() -> None:
    async with Bench().running() as bench:
        bench.venue.executes_before_failing = True
        bench.venue.script("place", OutcomeUnknown("502"))
        outcome = await bench.outcome(bench.press(values.request()), within=0.05)
        assert outcome.kind is OutcomeKind.UNKNOWN
        await bench.clock.advance(2)
        assert bench.states() == ["open"]
        assert len(bench.venue.placed) == 1


async def test_the_stream_may_answer_before_rest_fails() -> None:
    async with Bench().running() as bench:

        async def stream_first() -> None:
            bench.take_update(values.update(bench.venue.accept(bench.venue.placed[-1])))

        bench.venue.script("place", stream_first, OutcomeUnknown("reset"))
        bench.venue.always["place"] = OutcomeUnknown("reset")
        outcome = await bench.outcome(bench.press(values.request()))
        assert outcome.kind is OutcomeKind.ACCEPTED
        assert bench.states() == ["open"]


async def test_a_fill_by_stream_before_the_reply_is_not_undone_by_it() -> None:
    async with Bench().running() as bench:

        async def filled_first() -> None:
            request = bench.venue.placed[-1]
            shown = replace(
                values.order("1", OrderStatus.FILLED, "2", client_id=request.client_id),
                engine_time_us=bench.time.now_us(),
            )
            own = values.fill(5, "1", "2", client_id=request.client_id)
            bench.take_update(values.update(shown, OrderEventKind.FILL, own))

        bench.venue.script("place", filled_first)
        outcome = await bench.outcome(bench.press(values.request()))
        assert outcome.kind is OutcomeKind.ACCEPTED
        assert outcome.order is not None
        assert outcome.order.state == "filled"
        assert bench.states() == []


async def test_what_never_arrived_is_called_so_only_after_the_fence() -> None:
    async with Bench().running() as bench:
        bench.venue.script("place", OutcomeUnknown("timeout"))
        await bench.outcome(bench.press(values.request()))
        await bench.clock.advance(60)
        assert bench.states() == ["unknown"]
        assert "certain in" in (bench.account().orders or ())[0].note
        await bench.clock.advance(15)
        assert bench.states() == ["not sent"]
        assert len(bench.venue.placed) == 1


async def test_the_fence_stands_where_the_signature_that_left_really_ends() -> None:
    async with Bench().running() as bench:
        lost = OutcomeUnknown("timeout")
        lost.lapses_ms = bench.time.now_ms() + 30_000
        bench.venue.script("place", lost)
        await bench.outcome(bench.press(values.request()))
        await bench.clock.advance(90)
        assert bench.states() == ["unknown"]
        await bench.clock.advance(6)
        assert bench.states() == ["not sent"]


async def test_a_failed_sweep_proves_nothing() -> None:
    async with Bench().running() as bench:
        bench.venue.script("place", OutcomeUnknown("timeout"))
        await bench.outcome(bench.press(values.request()))
        bench.venue.always["order_history"] = NotSent("offline")
        await bench.clock.advance(200)
        assert bench.states() == ["unknown"]


async def test_an_order_that_appears_after_all_is_shown_and_shouted_about() -> None:
    async with Bench().running() as bench:
        bench.venue.script("place", OutcomeUnknown("timeout"))
        await bench.outcome(bench.press(values.request()))
        await bench.clock.advance(80)
        assert bench.states() == ["not sent"]
        bench.take_update(values.update(bench.venue.accept(bench.venue.placed[0])))
        await bench.clock.advance(0.1)
        assert bench.states() == ["open"]
        assert any("exists after all" in text for text in bench.notices())


async def test_a_second_order_like_one_in_doubt_needs_a_word() -> None:
    async with Bench().running() as bench:
        bench.venue.always["open_orders"] = NotSent("offline")
        bench.venue.script("place", OutcomeUnknown("timeout"))
        await bench.outcome(bench.press(values.request()))
        outcome = await bench.outcome(bench.press(values.request()))
        assert (outcome.kind, outcome.reached_exchange) == (OutcomeKind.REFUSED, False)
        other_side = await bench.outcome(bench.press(values.request(Side.ASK, price="101")))
        assert other_side.kind is OutcomeKind.ACCEPTED
        told = await bench.outcome(bench.press(values.request(), despite_unknown=True))
        assert told.kind is OutcomeKind.ACCEPTED


async def test_old_keys_wrong_modes_and_repeated_presses_do_not_trade() -> None:
    async with Bench().running() as bench:
        old = await bench.outcome(bench.press(values.request(), age=0.6))
        assert "old" in old.text
        wrong = PlaceOrder(90_001, bench.clock.monotonic(), Mode.LIVE, request=values.request())
        bench.bus.commands.submit(wrong)
        assert "LIVE" in (await bench.outcome(90_001)).text
        once = PlaceOrder(90_002, bench.clock.monotonic(), Mode.DEMO, request=values.request())
        bench.bus.commands.submit(once)
        bench.bus.commands.submit(once)
        await bench.clock.advance(0.1)
        assert {each.kind for each in bench.outcomes(90_002)} == {OutcomeKind.ACCEPTED, OutcomeKind.REFUSED}
        assert len(bench.venue.placed) == 1


@pytest.mark.parametrize("with_key", [True, False])
async def test_read_mode_and_no_key_never_send(with_key: bool) -> None:
    mode = Mode.READ if with_key else Mode.LIVE
    async with Bench(mode, with_key=with_key).running() as bench:
        assert not bench.gate().is_open
        for input_id in (bench.press(values.request()), bench.press_cancel("1"), bench.press_cancel_all()):
            outcome = await bench.outcome(input_id)
            assert (outcome.kind, outcome.reached_exchange) == (OutcomeKind.REFUSED, False)
        assert not {"place", "cancel", "cancel_all"} & set(bench.venue.calls)


async def test_market_orders_need_a_live_book_and_reduce_only_needs_nothing() -> None:
    async with Bench().running() as bench:
        refused = await bench.outcome(bench.press(values.request(price=None)))
        assert not refused.reached_exchange
        bench.session.gate.close("test", "closed for the test")
        assert (await bench.outcome(bench.press(values.request()))).text == "Not sent: closed for the test."
        reducing = await bench.outcome(
            bench.press(values.request(symbol=values.SOL_PERP, price=None, reduce_only=True))
        )
        assert reducing.kind is OutcomeKind.ACCEPTED
        bench.session.gate.lift("test")
        await bench.live_book()
        assert (await bench.outcome(bench.press(values.request(price=None)))).kind is OutcomeKind.ACCEPTED


async def test_an_order_that_expires_at_once_is_a_refusal_with_its_reason() -> None:
    async with Bench().running() as bench:
        bench.venue.ends_at_once = "PostOnlyTaker"
        outcome = await bench.outcome(bench.press(values.request()))
        assert outcome.kind is OutcomeKind.REFUSED
        assert "PostOnlyTaker" in outcome.text
        assert bench.states() == ["expired"]


async def test_a_cancel_shows_cancelled_on_evidence_only() -> None:
    async with Bench().running() as bench:
        await bench.outcome(bench.press(values.request()))
        bench.venue.accepts_cancels_only = True
        outcome = await bench.outcome(bench.press_cancel("1"))
        assert outcome.text == "Cancel accepted, not yet executed."
        (tracked,) = bench.account().orders or ()
        assert (tracked.state, tracked.cancel_pending) == ("open", True)
        bench.venue.change("1", OrderStatus.CANCELLED)
        await bench.clock.advance(8)
        assert bench.states() == []


async def test_cancelling_what_was_filled_shows_the_fill() -> None:
    async with Bench().running() as bench:
        await bench.outcome(bench.press(values.request()))
        bench.venue.change("1", OrderStatus.FILLED, "2")
        bench.venue.fill_rows.append(values.fill(7, "1", "2"))
        bench.venue.script("cancel", NotFound("Order not found", code="INVALID_CLIENT_REQUEST", status=400))
        outcome = await bench.outcome(bench.press_cancel("1"))
        assert outcome.kind is OutcomeKind.REFUSED
        assert "filled, 2 of 2" in outcome.text
        assert [each.trade_id for each in bench.account().fills or ()] == [7]


async def test_a_cancel_not_found_of_an_order_that_still_rests_says_so() -> None:
    async with Bench().running() as bench:
        await bench.outcome(bench.press(values.request()))
        bench.venue.script("cancel", NotFound("Order not found", status=400))
        outcome = await bench.outcome(bench.press_cancel("1"))
        assert outcome.kind is OutcomeKind.REFUSED
        assert "shows it open" in outcome.text
        assert bench.states() == ["open"]
        assert (await bench.outcome(bench.press_cancel("1"))).kind is OutcomeKind.ACCEPTED


async def test_a_cancel_of_something_history_does_not_show_yet_stays_in_doubt() -> None:
    async with Bench().running() as bench:
        await bench.outcome(bench.press(values.request()))
        del bench.venue.orders[next(iter(bench.venue.orders))]
        bench.venue.script("cancel", NotFound("Order not found", status=400))
        outcome = await bench.outcome(bench.press_cancel("1"))
        assert outcome.kind is OutcomeKind.UNKNOWN
        assert bench.states() == ["open"]


async def test_a_lost_answer_to_a_cancel_is_unknown_and_then_looked_up() -> None:
    async with Bench().running() as bench:
        await bench.outcome(bench.press(values.request()))
        bench.venue.script("cancel", OutcomeUnknown("reset"))
        assert (await bench.outcome(bench.press_cancel("1"))).kind is OutcomeKind.UNKNOWN
        bench.venue.change("1", OrderStatus.CANCELLED)
        await bench.clock.advance(8)
        assert bench.states() == []
        assert bench.venue.count("cancel") == 1


async def test_cancel_all_sweeps_every_market_until_nothing_is_left() -> None:
    async with Bench().running() as bench:
        await bench.outcome(bench.press(values.request()))
        await bench.outcome(bench.press(values.request(symbol=values.SOL_PERP)))
        bench.venue.script("cancel_all", OutcomeUnknown("502"))
        outcome = await bench.outcome(bench.press_cancel_all(), within=3)
        assert outcome.kind is OutcomeKind.ACCEPTED
        assert "nothing is left" in outcome.text
        assert all(order.status is OrderStatus.CANCELLED for order in bench.venue.orders.values())
        assert bench.states() == []


async def test_a_slow_read_does_not_hold_up_a_cancel_of_everything() -> None:
    async def slow() -> None:
        await bench.clock.sleep(5)

    async with Bench().running() as bench:
        await bench.outcome(bench.press(values.request()))
        bench.venue.script("open_orders", slow, slow, slow)
        input_id = bench.press_cancel_all()
        await bench.clock.advance(0.1)
        assert bench.states() == []
        assert "nothing is left" in (await bench.outcome(input_id, within=20)).text


async def test_cancel_all_says_so_when_it_cannot_know() -> None:
    async with Bench().running() as bench:
        await bench.outcome(bench.press(values.request()))
        bench.venue.always["open_orders"] = NotSent("offline")
        bench.venue.always["cancel_all"] = NotSent("offline")
        outcome = await bench.outcome(bench.press_cancel_all(), within=10)
        assert outcome.kind is OutcomeKind.UNKNOWN
        assert "offline" in outcome.text


async def test_ending_waits_for_a_cancel_that_is_under_way() -> None:
    async def slow() -> None:
        await bench.clock.sleep(2)

    bench = Bench()
    async with bench.running():
        await bench.outcome(bench.press(values.request()))
        bench.venue.script("cancel", slow)
        input_id = bench.press_cancel("1")
        await bench.clock.advance(0.1)
    assert [each.kind for each in bench.outcomes(input_id)] == [OutcomeKind.ACCEPTED]
    assert bench.states() == []


async def test_orders_beyond_the_history_that_is_read_prove_nothing() -> None:
    async with Bench().running() as bench:
        bench.venue.script("place", OutcomeUnknown("502"))
        await bench.outcome(bench.press(values.request()))
        for number in range(600):
            later = values.order(f"x{number}", OrderStatus.CANCELLED, client_id=7, created_ms=bench.time.now_ms())
            bench.venue.orders[later.order_id] = later
        await bench.clock.advance(90)
        assert bench.states() == ["unknown"]


async def test_ending_waits_for_the_answer_and_notes_what_has_none() -> None:
    async def never() -> None:
        await bench.clock.sleep(1_000)

    bench = Bench()
    async with bench.running():
        bench.venue.script("place", never)
        input_id = bench.press(values.request())
        await bench.clock.advance(0.1)
        assert bench.states() == ["in flight"]
    assert bench.states() == ["unknown"]
    assert any("stay at the exchange" in text for text in bench.notices())
    assert len(bench.outcomes(input_id)) == 1
