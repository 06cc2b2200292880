"""What reading the account costs, and what it does with answers that say less than they should."""

from __future__ import annotations

from dataclasses import replace

from bpx_tui.model.ids import Symbol
from bpx_tui.service.intents import OutcomeKind
from tests.fakes import values
from tests.service.desk_parts import Bench


async def test_a_busy_account_leaves_most_of_the_request_budget_to_others() -> None:
    """Fills every half second in ten markets without a liquidation price, and no stream but polling."""
    bench = Bench()
    markets = [Symbol(f"A{number}_USDC_PERP") for number in range(10)]
    bench.venue.position_rows = [values.position("3", symbol=symbol) for symbol in markets]
    async with bench.running():
        bench.lose_socket()
        await bench.clock.advance(30)
        before = len(bench.venue.calls)
        for number in range(120):
            order = values.order("9", executed=f"0.{number:03}", time_us=bench.time.now_us())
            bench.take_update(values.update(order, own_fill=values.fill(number + 1, "9")))
            await bench.clock.advance(0.5)
        assert len(bench.venue.calls) - before < 300, "a third of what reads may use in a minute"
        assert bench.venue.count("balances") > 10


async def test_an_account_in_liquidation_takes_no_new_order_until_the_exchange_says_that_it_is_over() -> None:
    bench = Bench()
    bench.venue.settings = replace(values.settings(), liquidating=True)
    async with bench.running():
        refused = await bench.outcome(bench.press(values.request()))
        assert refused.text == "Not sent: the exchange is liquidating this account."
        reducing = values.request(symbol=values.SOL_PERP, reduce_only=True)
        assert (await bench.outcome(bench.press(reducing))).kind is OutcomeKind.ACCEPTED
        await bench.clock.advance(25)
        assert not bench.gate().is_open
        bench.venue.settings = values.settings()
        await bench.clock.advance(11)
        assert bench.gate().is_open
        assert bench.notices().count("The exchange is not liquidating this account any more.") == 1


async def test_where_the_exchange_does_not_say_whether_it_liquidates_the_desk_says_so_once() -> None:
    bench = Bench()
    bench.venue.settings = replace(values.settings(), liquidating=None)
    async with bench.running():
        await bench.clock.advance(15)
        assert bench.gate().is_open
        said = [text for text in bench.notices() if "liquidating" in text]
        assert said == ["The exchange does not say whether it is liquidating this account."]


async def test_money_that_cannot_be_read_is_told_once_and_keeps_nobody_from_trading() -> None:
    bench = Bench()
    bench.venue.unreadable_money = ("SOL: available is not a decimal number.",)
    async with bench.running():
        await bench.clock.advance(40)
        assert bench.account().balances_unreadable == bench.venue.unreadable_money
        assert bench.gate().is_open
        assert [text for text in bench.notices() if "cannot be read" in text] == [
            "A balance cannot be read and is not shown: SOL: available is not a decimal number.",
            "A fill cannot be read and is not shown: SOL: available is not a decimal number.",
        ]
