"""What an order would do to the book: walked level by level, with exact sums."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.enums import OrderKind, Side, TimeInForce
from bpx_tui.model.estimate import effect_of, means_for
from bpx_tui.model.orders import OrderRequest
from tests.fakes.views import MARKETS, SETTINGS, SOL, SOL_PERP, account, book, d, position

MARKET, BOOK = MARKETS[SOL_PERP], book(SOL_PERP)


def request(side: Side, quantity: str, price: str | None, **more: object) -> OrderRequest:
    kind = OrderKind.MARKET if price is None else OrderKind.LIMIT
    return OrderRequest(SOL_PERP, side, kind, d(quantity), None if price is None else d(price), **more)  # type: ignore[arg-type]


def test_a_limit_below_the_ask_rests_behind_what_is_there() -> None:
    effect = effect_of(request(Side.BID, "8", "187.41"), BOOK, MARKET, SETTINGS)
    assert (effect.fills, effect.rests, effect.ahead) == (d("0"), d("8"), d("10"))
    assert effect.fee == d("8") * d("187.41") * 2 / 10_000


def test_a_limit_through_the_ask_fills_and_rests_the_remainder() -> None:
    effect = effect_of(request(Side.BID, "25", "187.43"), BOOK, MARKET, SETTINGS)
    assert (effect.fills, effect.rests) == (d("20"), d("5"))
    assert effect.average_price == d("187.425")
    assert effect.worst_price == d("187.43")
    assert effect.notional == d("20") * d("187.425") + d("5") * d("187.43")


def test_the_time_in_force_decides_about_the_remainder() -> None:
    ioc = effect_of(request(Side.BID, "25", "187.43", time_in_force=TimeInForce.IOC), BOOK, MARKET, SETTINGS)
    assert (ioc.fills, ioc.lapses, ioc.rests) == (d("20"), d("5"), d("0"))
    fok = effect_of(request(Side.BID, "25", "187.43", time_in_force=TimeInForce.FOK), BOOK, MARKET, SETTINGS)
    assert (fok.fills, fok.lapses) == (d("0"), d("25"))


def test_post_only_either_rests_or_would_take() -> None:
    assert effect_of(request(Side.BID, "8", "187.42", post_only=True), BOOK, MARKET, SETTINGS).would_take
    rests = effect_of(request(Side.BID, "8", "187.41", post_only=True), BOOK, MARKET, SETTINGS)
    assert (rests.rests, rests.would_take) == (d("8"), False)


def test_a_market_order_deeper_than_the_book_shown_says_how_much_is_unseen() -> None:
    effect = effect_of(request(Side.ASK, "130", None), BOOK, MARKET, None)
    assert (effect.fills, effect.unseen, effect.fee) == (d("100"), d("30"), None)


@given(
    st.sampled_from(list(Side)),
    st.decimals(Decimal("0.01"), Decimal(200), places=2),
    st.integers(-15, 15),
    st.sampled_from(list(TimeInForce)),
)
def test_nothing_of_an_order_is_lost_or_filled_beyond_its_limit(
    side: Side, quantity: Decimal, ticks: int, tif: TimeInForce
) -> None:
    limit = d("187.42") + ticks * d("0.01")
    order = OrderRequest(SOL_PERP, side, OrderKind.LIMIT, quantity, limit, time_in_force=tif)
    effect = effect_of(order, BOOK, MARKET, SETTINGS)
    assert effect.fills + effect.rests + effect.lapses + effect.unseen == quantity
    if effect.worst_price is not None:
        assert effect.worst_price <= limit if side is Side.BID else effect.worst_price >= limit


def test_spot_means_are_the_free_balance_fee_paid() -> None:
    means = means_for(Side.BID, d("187.40"), MARKETS[SOL], account())
    assert means is not None
    assert means.quantity * d("187.40") * d("1.001") <= d("4000.5")
    assert means.unit == "USDC"


def test_perpetual_means_fit_into_the_free_margin_with_the_fee() -> None:
    means = means_for(Side.BID, d("187.42"), MARKET, account())
    assert means is not None
    notional = means.quantity * d("187.42")
    fraction = max(d("0.1"), d("0.02"), d("0.00001") * notional.sqrt())
    assert notional * (fraction + d("0.0005")) <= d("3980.11") * d("1.0000001")


def test_the_other_side_first_closes_the_position() -> None:
    held = account(positions=(position(quantity="8"),))
    selling, buying = (means_for(side, d("187.42"), MARKET, held) for side in (Side.ASK, Side.BID))
    assert selling is not None
    assert buying is not None
    assert selling.quantity > buying.quantity + 8
    reducing = means_for(Side.ASK, d("187.42"), MARKET, held, reduce_only=True)
    assert reducing is not None
    assert reducing.quantity == 8
