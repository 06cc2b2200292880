"""The card's rules: armed after the beat, disarmed by change, sent once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bpx_tui.model.enums import OrderKind, Side, TimeInForce
from bpx_tui.model.orders import OrderRequest
from bpx_tui.model.views import FeedState, Gate, MarketFacts
from bpx_tui.service import topics
from bpx_tui.service.intents import CommandOutcome, OutcomeKind
from bpx_tui.ui.card_text import card_lines
from bpx_tui.ui.review import ARMING_SECONDS, LONGEST_SECONDS, Card, CardState, Review
from tests.fakes.views import MARKETS, NOW_US, SOL_PERP, account, book, collateral, d
from tests.ui.desks import HandDesk

MARKET = MARKETS[SOL_PERP]


def limit(side: Side = Side.BID, price: str = "187.38", **more: object) -> OrderRequest:
    return OrderRequest(SOL_PERP, side, OrderKind.LIMIT, d("8"), d(price), **more)  # type: ignore[arg-type]


def opened(desk: HandDesk, request: OrderRequest | None = None) -> Card:
    return Card(Review.take(request or limit(), MARKET, desk.desk))


def after_beat(desk: HandDesk) -> float:
    desk.clock.ahead += ARMING_SECONDS + 0.01
    desk.keep_fresh()
    return desk.clock.monotonic()


def test_a_press_within_the_beat_does_nothing_even_when_it_is_handled_after_it() -> None:
    desk = HandDesk()
    card = opened(desk)
    early = desk.clock.monotonic()
    assert not card.press(early, 1, desk.desk)
    after_beat(desk)
    assert not card.press(early, 2, desk.desk)
    assert card.state is CardState.ARMED


def test_it_sends_exactly_once() -> None:
    desk = HandDesk()
    card = opened(desk)
    pressed = after_beat(desk)
    assert [card.press(pressed, number, desk.desk) for number in (1, 2, 3)] == [True, False, False]
    assert (card.state, card.input_id) == (CardState.SENT, 1)


def test_only_its_own_outcome_answers_it() -> None:
    desk = HandDesk()
    card = opened(desk)
    card.press(after_beat(desk), 7, desk.desk)
    assert not card.answer(CommandOutcome(8, OutcomeKind.ACCEPTED, "other"))
    assert card.answer(CommandOutcome(7, OutcomeKind.UNKNOWN, "no answer"))
    assert not card.press(desk.clock.monotonic(), 9, desk.desk)


def test_what_the_service_could_not_take_may_be_looked_at_again() -> None:
    desk = HandDesk()
    card = opened(desk)
    card.press(after_beat(desk), 1, desk.desk)
    card.not_taken("too far behind")
    assert card.state is CardState.DISARMED
    assert card.taken_again(desk.desk).state is CardState.ARMING


def _higher_ask(desk: HandDesk) -> None:
    view = book(SOL_PERP, true_at_us=desk.desk.now_us)
    desk.put_book(replace(view, asks=tuple(replace(each, price=each.price + d("0.50")) for each in view.asks)))


def _lower_ask(desk: HandDesk) -> None:
    view = book(SOL_PERP, true_at_us=desk.desk.now_us)
    lower = tuple(replace(each, price=each.price - d("0.10")) for each in view.asks)
    desk.put_book(replace(view, asks=lower, bids=tuple(replace(b, price=b.price - d("0.10")) for b in view.bids)))


def _stale(desk: HandDesk) -> None:
    desk.put_book(book(SOL_PERP, true_at_us=NOW_US - 10_000_000))


def _resync(desk: HandDesk) -> None:
    desk.put_book(book(SOL_PERP, true_at_us=desk.desk.now_us, state=FeedState.RESYNCING))


def _new_tick(desk: HandDesk) -> None:
    facts = desk.desk.facts
    assert facts is not None
    changed: MarketFacts = replace(facts, market=replace(MARKET, tick_size=d("0.05")))
    desk.bus.latest.put(topics.facts(SOL_PERP), changed)


def _gate(desk: HandDesk) -> None:
    desk.bus.latest.put(topics.GATE, Gate(False, "reconnecting"))


def _old(desk: HandDesk) -> None:
    desk.clock.ahead += LONGEST_SECONDS
    desk.keep_fresh()


@pytest.mark.parametrize(
    ("request_", "change", "reason"),
    [
        (limit(price="187.38"), _lower_ask, "It would fill at once now."),
        (limit(price="187.38", post_only=True), _lower_ask, "It would take now: post-only would be refused."),
        (limit(price="190", time_in_force=TimeInForce.IOC), _higher_ask, "The price moved +0.27% against it."),
        (limit(), _stale, "The book is not to be trusted"),
        (limit(), _resync, "The book is not to be trusted"),
        (limit(), _new_tick, "Tick or step of SOL-PERP changed."),
        (limit(), _gate, "No new orders: reconnecting"),
        (limit(), _old, "This card is older than 30 s."),
    ],
)
def test_a_change_disarms_it_with_the_reason(request_: OrderRequest, change: object, reason: str) -> None:
    desk = HandDesk()
    card = opened(desk, request_)
    pressed = after_beat(desk)
    assert callable(change)
    change(desk)
    assert not card.press(pressed, 1, desk.desk)
    assert card.state is CardState.DISARMED
    assert card.reason.startswith(reason)
    assert card.input_id is None


def test_a_disarmed_card_stays_disarmed_when_the_change_is_gone() -> None:
    desk = HandDesk()
    card = opened(desk)
    after_beat(desk)
    _stale(desk)
    card.look(desk.desk)
    desk.keep_fresh()
    assert not card.press(desk.clock.monotonic(), 1, desk.desk)


def test_reduce_only_is_not_stopped_by_the_gate() -> None:
    desk = HandDesk()
    _gate(desk)
    card = opened(desk, limit(Side.ASK, "187.60", reduce_only=True))
    assert card.press(after_beat(desk), 1, desk.desk)


def test_an_order_that_would_no_longer_take_stays_armed() -> None:
    desk = HandDesk()
    card = opened(desk, limit(price="187.42"))
    assert card.effect is not None
    assert card.effect.fills
    pressed = after_beat(desk)
    _higher_ask(desk)
    card.look(desk.desk)
    assert not card.effect.fills, "the card shows what it does now"
    assert card.press(pressed, 1, desk.desk)


@pytest.mark.parametrize("post_only", [False, True])
def test_having_told_once_that_it_would_take_it_can_be_placed_at_a_flickering_touch(post_only: bool) -> None:
    desk = HandDesk()
    card = opened(desk, limit(price="187.38", post_only=post_only))
    after_beat(desk)
    _lower_ask(desk)
    card.look(desk.desk)
    assert card.state is CardState.DISARMED
    _higher_ask(desk)
    card = card.taken_again(desk.desk)
    assert card.effect is not None
    assert not card.effect.fills
    assert not card.effect.would_take
    pressed = after_beat(desk)
    _lower_ask(desk)
    assert card.press(pressed, 1, desk.desk)


def test_a_better_price_does_not_disarm() -> None:
    desk = HandDesk()
    card = opened(desk, limit(price="190", time_in_force=TimeInForce.IOC))
    pressed = after_beat(desk)
    _lower_ask(desk)
    assert card.press(pressed, 1, desk.desk)


@pytest.mark.parametrize("size", [(78, 5), (46, 8), (64, 14)])
def test_the_card_says_what_is_sent_what_it_does_and_the_way_on(size: tuple[int, int]) -> None:
    desk = HandDesk()
    card = opened(desk)
    after_beat(desk)
    card.look(desk.desk)
    lines = card_lines(card, desk.desk, size)
    text = "\n".join("".join(run.text for run in line) for line in lines)
    assert len(lines) <= size[1]
    for part in ("BUY 8.00 SOL-PERP", "limit GTC", "@ 187.38", "$1,499.04", "nothing fills now", "rests 8.00"):
        assert part in text
    for part in ("10.00 ahead", "fee ≈ $0.30", "margin free $3,980.11", "old ✓", "place (armed)", "esc edit"):
        assert part in text


@pytest.mark.parametrize("size", [(78, 5), (46, 8)])
def test_a_long_reason_is_told_in_two_lines_above_the_way_on(size: tuple[int, int]) -> None:
    desk = HandDesk()
    card = opened(desk)
    after_beat(desk)
    reason = "cannot connect to the exchange, trying again"
    desk.bus.latest.put(topics.GATE, Gate(False, reason))
    card.look(desk.desk)
    lines = ["".join(run.text for run in line) for line in card_lines(card, desk.desk, size)]
    assert len(lines) == size[1]
    assert reason in " ".join(" ".join(lines[-3:-1]).split())
    assert "look again" in lines[-1]


@pytest.mark.parametrize("size", [(64, 14), (46, 8), (78, 5)])
def test_an_unknown_outcome_is_told_in_full_below_the_order(size: tuple[int, int]) -> None:
    desk = HandDesk()
    card = opened(desk)
    card.press(after_beat(desk), 7, desk.desk)
    told = (
        "Outcome unknown (The exchange answered 503 (MAINTENANCE: System under maintenance): the order may have been"
        " executed. It is not sent again."
    )
    card.answer(CommandOutcome(7, OutcomeKind.UNKNOWN, told))
    lines = ["".join(run.text for run in line) for line in card_lines(card, desk.desk, size)]
    assert len(lines) <= size[1]
    assert "BUY 8.00 SOL-PERP" in lines[0]
    assert told in " ".join(" ".join(lines).split())
    assert "esc close" in lines[-1]


def test_margin_that_would_be_missing_has_its_sign_before_the_currency() -> None:
    desk = HandDesk()
    desk.put_account(replace(account(), collateral=replace(collateral(), net_equity_available=d("0"))))
    lines = card_lines(opened(desk), desk.desk, (64, 14))
    text = "\n".join("".join(run.text for run in line) for line in lines)
    assert "margin free $0.00 → ≈ -$" in text
