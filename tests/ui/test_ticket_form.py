"""The ticket's texts: editing laws, and for every bad input its exact error."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.enums import OrderKind, Side, TimeInForce
from bpx_tui.model.limits import RiskLimits
from bpx_tui.model.situation import Override
from bpx_tui.model.views import FeedState
from bpx_tui.ui.ticket_form import LONGEST, Field, TicketForm, first_line
from bpx_tui.ui.ticket_reading import nudged, preset, read_ticket, snapped, touch_price
from tests.fakes.views import SOL, SOL_PERP, account, book, d, position
from tests.ui.desks import HandDesk

GOOD = TicketForm(price="187.40", quantity="8", field=Field.QUANTITY, fresh=False)


def with_quantity(text: str) -> TicketForm:
    return replace(GOOD, quantity=text)


def with_price(text: str) -> TicketForm:
    return replace(GOOD, price=text)


def test_a_whole_form_reads_as_exactly_what_was_typed() -> None:
    request = read_ticket(GOOD, HandDesk().desk).request
    assert request is not None
    assert (request.symbol, request.side, request.kind) == (SOL_PERP, Side.BID, OrderKind.LIMIT)
    assert (request.price, request.quantity) == (d("187.40"), d("8"))
    assert request.client_id is None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "Quantity is empty."),
        ("0", "Quantity must be greater than 0."),
        ("0.0", "Quantity must be greater than 0."),
        ("-1", "Use the side key, not a sign."),
        ("+1", "Use the side key, not a sign."),
        ("-0", "Use the side key, not a sign."),
        ("1e5", "Plain digits only, e.g. 0.0000001."),
        ("1E-7", "Plain digits only, e.g. 0.0000001."),
        ("NaN", "Plain digits only, e.g. 0.0000001."),
        ("inf", "Plain digits only, e.g. 0.0000001."),
        ("0x10", "Plain digits only, e.g. 0.0000001."),
        ("1_000", "Plain digits only, e.g. 0.0000001."),
        ("1,000", "Comma is ambiguous. Write 1000 or 0.5."),
        ("0,5", "Comma is ambiguous. Write 1000 or 0.5."),
        ("１２", "ASCII digits only."),
        ("٣", "ASCII digits only."),
        ("½", "ASCII digits only."),
        ("²", "ASCII digits only."),
        ("8.123", "Step is 0.01. Nearest: 8.12 / 8.13."),
        ("60000", "Quantity is above maxQuantity 50000."),
        ("0.001", "Step is 0.01. Nearest: 0.01."),
        ("$", "Notional is empty."),
        ("$1", "Quantity must be greater than 0."),
        ("120%", "Write a percentage from 1% to 100%."),
    ],
)
def test_a_bad_quantity_gets_its_error_and_no_order(text: str, error: str) -> None:
    reading = read_ticket(with_quantity(text), HandDesk().desk)
    assert reading.quantity_error == error
    assert reading.request is None
    assert reading.effect is None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "Price is empty."),
        ("0", "Price must be greater than 0."),
        ("1,5", "Comma is ambiguous. Write 1000 or 0.5."),
        ("187.405", "Tick is 0.01. Nearest: 187.4 / 187.41."),
        ("250", "33.4 % above mark 187.42. Type the price again to override."),
        ("100", "46.6 % below mark 187.42. Type the price again to override."),
    ],
)
def test_a_bad_price_gets_its_error_and_no_order(text: str, error: str) -> None:
    reading = read_ticket(with_price(text), HandDesk().desk)
    assert reading.price_error.replace("187.40 ", "187.4 ") == error
    assert reading.request is None


def retyped(form: TicketForm) -> TicketForm:
    """The field with the focus, typed once more from the start."""
    text, form = form.text, form.at_field(form.active_field)
    for character in text:
        form = form.typed(character)
    return form


def test_a_price_far_from_the_mark_passes_only_when_typed_again() -> None:
    desk = HandDesk().desk
    far = with_price("150").price_refused()
    assert read_ticket(far, desk).overridable == {Override.RETYPE_PRICE}
    assert read_ticket(far, desk).request is None
    again = retyped(far)
    assert read_ticket(again, desk).request is not None
    assert again.overrides == {Override.RETYPE_PRICE}
    assert read_ticket(again.typed("1"), desk).request is None


def test_an_order_above_the_own_limit_passes_only_when_its_quantity_is_typed_again_at_that_price() -> None:
    desk = HandDesk().desk
    desk.limits = RiskLimits(max_order_notional=d("1000"))
    reading = read_ticket(GOOD, desk)
    assert reading.quantity_error == (
        "1,499.2 USDC is above your limit of 1,000 per order (max_order_notional in config.toml). "
        "Type the quantity again to override."
    )
    assert reading.request is None
    assert reading.overridable == {Override.RETYPE_NOTIONAL}
    refused = GOOD.size_refused()
    again = retyped(refused)
    assert read_ticket(refused, desk).request is None
    assert read_ticket(again, desk).request is not None
    assert again.overrides == {Override.RETYPE_NOTIONAL}
    market = replace(again, kind=OrderKind.MARKET)
    for changed in (again.typed("0"), replace(again, price="187.41"), market, again.size_refused()):
        assert read_ticket(changed, desk).request is None
    assert read_ticket(replace(GOOD, side=Side.ASK, reduce_only=True), desk).quantity_error == ""


def test_what_was_overridden_for_one_order_is_not_for_the_next() -> None:
    typed = retyped(retyped(with_price("150").price_refused()).size_refused())
    assert typed.overrides == frozenset(Override)
    following = typed.emptied()
    for character in typed.price:
        following = following.typed(character)
    following = following.at_field(Field.QUANTITY)
    for character in typed.quantity:
        following = following.typed(character)
    assert (following.price, following.quantity, following.overrides) == (typed.price, typed.quantity, frozenset())
    assert TicketForm(kind=OrderKind.MARKET, retyped=frozenset(Field)).overrides == frozenset()


def test_post_only_that_would_take_is_refused_here() -> None:
    reading = read_ticket(replace(GOOD, price="187.42", post_only=True), HandDesk().desk)
    assert reading.price_error == "Would take. postOnly will be refused by Backpack (PostOnlyTaker)."


def test_a_market_order_needs_a_book_to_trust() -> None:
    desk = HandDesk()
    desk.put_book(book(SOL_PERP, state=FeedState.RESYNCING))
    reading = read_ticket(replace(GOOD, kind=OrderKind.MARKET), desk.desk)
    assert reading.problem.startswith("The book cannot be trusted (resyncing")
    assert reading.request is None


def test_a_market_order_carries_a_slippage_tolerance_and_no_price() -> None:
    request = read_ticket(replace(GOOD, kind=OrderKind.MARKET), HandDesk().desk).request
    assert request is not None
    assert request.price is None
    assert request.slippage_tolerance == Decimal("0.5")


def test_reduce_only_is_held_to_the_position() -> None:
    desk = HandDesk()
    desk.put_account(account(positions=(position(quantity="0.5"),)))
    form = replace(GOOD, side=Side.ASK, quantity="8", reduce_only=True)
    assert read_ticket(form, desk.desk).quantity_error == "Position is 0.5 long; reduce-only sells at most 0.5."


def test_a_notional_becomes_a_quantity_cut_to_the_step() -> None:
    request = read_ticket(with_quantity("$1500"), HandDesk().desk).request
    assert request is not None
    assert request.quantity == d("8.00")


def test_spot_percentages_are_of_the_free_balance() -> None:
    desk = HandDesk(SOL).desk
    form = TicketForm(side=Side.ASK, price="187.50", field=Field.QUANTITY)
    assert preset(form, 100, desk).quantity == "12.50"
    assert preset(form, 10, desk).quantity == "1.25"


def test_a_percentage_of_an_old_balance_is_refused() -> None:
    desk = HandDesk()
    desk.clock.ahead = 40
    reading = read_ticket(with_quantity("50%"), desk.desk)
    assert reading.quantity_error == "Balance is 40 s old; press R."


@given(st.sampled_from([10, 25, 50, 100]), st.sampled_from(list(Side)))
def test_a_preset_never_asks_for_more_than_there_is(percent: int, side: Side) -> None:
    desk = HandDesk().desk
    filled = preset(TicketForm(side=side, price="187.42"), percent, desk)
    reading = read_ticket(filled, desk)
    assert reading.request is not None, reading.errors
    assert reading.request.quantity is not None
    assert reading.request.quantity % d("0.01") == 0


def test_keys_move_by_ticks_and_steps() -> None:
    desk = HandDesk().desk
    at_price = GOOD.at_field(Field.PRICE)
    assert nudged(at_price, 1, desk).price == "187.41"
    assert nudged(at_price, -10, desk).price == "187.30"
    assert nudged(GOOD, 10, desk).quantity == "8.10"
    assert nudged(with_quantity("0.01"), -1, desk).quantity == "0.01"
    assert nudged(TicketForm(), 1, desk).price == "187.41"


def test_touch_mid_and_opposite_depend_on_the_side() -> None:
    desk = HandDesk().desk
    buy, sell = TicketForm(), TicketForm(side=Side.ASK)
    assert [touch_price(buy, desk, where) for where in ("touch", "opposite", "mid")] == [
        d("187.41"),
        d("187.42"),
        d("187.41"),
    ]
    assert [touch_price(sell, desk, where) for where in ("touch", "opposite", "mid")] == [
        d("187.42"),
        d("187.41"),
        d("187.42"),
    ]


def test_snapping_never_grows_an_order_and_keeps_a_price_passive() -> None:
    desk = HandDesk().desk
    assert snapped(with_quantity("8.129"), desk).quantity == "8.12"
    assert snapped(with_price("187.405").at_field(Field.PRICE), desk).price == "187.40"
    sell = replace(with_price("187.405"), side=Side.ASK)
    assert snapped(sell.at_field(Field.PRICE), desk).price == "187.41"


@given(st.text(max_size=300))
def test_a_paste_keeps_one_clean_short_line(text: str) -> None:
    form = TicketForm().typed(text)
    assert len(form.price) <= LONGEST
    assert form.price.isprintable()
    assert first_line(text)[0] == form.price


@pytest.mark.parametrize("nasty", ["8\n9", "8\x00", "8\x1b[2J", "8\u202e", "8" * 10_000, "8\t"])
def test_what_was_taken_from_a_paste_is_said(nasty: str) -> None:
    form = TicketForm().typed(nasty)
    assert form.shortened
    assert set(form.price) <= set("8[2J")


@given(st.lists(st.sampled_from(["5", ".", "x", "<", "c"]), max_size=12))
def test_typing_and_erasing_are_what_a_text_field_does(keys: list[str]) -> None:
    form, text = replace(TicketForm(), fresh=False), ""
    for key in keys:
        if key == "<":
            form, text = form.erased(), text[:-1]
        elif key == "c":
            form, text = form.cleared(), ""
        else:
            form, text = form.typed(key), text + key
    assert form.price == text


def test_a_proposal_is_replaced_by_the_first_key() -> None:
    assert TicketForm().with_price("187.40").typed("2").price == "2"


def test_flags_that_exclude_each_other_do() -> None:
    posted = TicketForm().toggled_post_only()
    assert posted.post_only
    assert not posted.next_time_in_force().post_only
    assert not posted.next_kind().post_only
    assert posted.next_kind().toggled_post_only().post_only is False
    assert TicketForm(time_in_force=TimeInForce.FOK).toggled_post_only().time_in_force is TimeInForce.GTC
