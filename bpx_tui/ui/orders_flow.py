"""From a wish to an intent: review, place, close, cancel. Every intent carries the press it came from."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from bpx_tui.model.account import Position
from bpx_tui.model.checks import with_slippage
from bpx_tui.model.enums import OrderKind, Side
from bpx_tui.model.ids import Symbol
from bpx_tui.model.market import Market
from bpx_tui.model.orders import OrderRequest, TrackedOrder
from bpx_tui.model.situation import Override
from bpx_tui.service.intents import CancelAll, CancelOrder, Mode, PlaceOrder, Severity, next_input_id
from bpx_tui.ui.formatting import market_name
from bpx_tui.ui.review import Card, CardState, Review
from bpx_tui.ui.tables.orders import short_name

if TYPE_CHECKING:
    from bpx_tui.ui.app import TradingApp
    from bpx_tui.ui.screens.desk import DeskScreen

_REPEAT_SECONDS = 60.0


class OrdersFlow:
    """The steps that lead to an order or a cancel, over one desk screen."""

    def __init__(self, screen: DeskScreen, app: TradingApp) -> None:
        self._screen = screen
        self._app = app
        self._sent: tuple[OrderRequest, float] | None = None

    @property
    def _card(self) -> Card | None:
        return self._screen.card.card

    def review(self, request: OrderRequest, market: Market, overrides: frozenset[Override] = frozenset()) -> None:
        """Show the card for a request that reads whole. `overrides` is what the user typed again to have it so."""
        if not self._may_trade():
            return
        review = Review.take(request, market, self._screen.desk, self._repeats_after(request))
        card = Card(replace(review, overrides=overrides))
        self._screen.card.show(card)
        self._screen.show_card(True)

    def place(self) -> None:
        """Enter on the card: send if it is armed, look again if it is disarmed, else nothing."""
        card, desk = self._card, self._screen.desk
        if card is None or not self._may_trade():
            return
        card.look(desk)
        if card.state is CardState.DISARMED:
            self._screen.card.show(card.taken_again(desk))
            return
        input_id = next_input_id()
        pressed_at = self._app.press.pressed_at
        if not card.press(pressed_at, input_id, desk):
            return
        review = card.review
        intent = PlaceOrder(
            input_id,
            pressed_at,
            review.mode,
            request=review.request,
            book_last_id=review.book_last_id,
            overrides=review.overrides,
        )
        if not self._app.hand_over(intent):
            card.not_taken("The service is too far behind; nothing was sent.")
        else:
            self._sent = review.request, self._screen.desk.clock.monotonic()
        self._screen.card.repaint()

    def _repeats_after(self, request: OrderRequest) -> float | None:
        """Seconds since the same order was sent last, if that was within a minute."""
        if self._sent is None or self._sent[0] != request:
            return None
        passed = self._screen.desk.clock.monotonic() - self._sent[1]
        return passed if passed < _REPEAT_SECONDS else None

    def leave(self) -> None:
        """Escape on the card: one step back; from an answered order out of the ticket."""
        card = self._card
        if card is not None and card.state is CardState.SENT:
            self._app.say(Severity.WARNING, "the order was sent; its outcome will be told here")
        done = card is not None and card.state in {CardState.SENT, CardState.ANSWERED}
        refused = card is not None and card.outcome is not None and card.outcome.kind == "refused"
        self._screen.card.show(None)
        if done and not refused:
            self._screen.ticket.clear()
            self._screen.close_ticket()
        else:
            self._screen.show_card(False)

    def close(self, position: Position) -> None:
        """The card for a reduce-only market order over the whole position."""
        market = self._screen.desk.market_of(position.symbol)
        if market is None:
            self._app.say(Severity.ERROR, f"the rules of {market_name(position.symbol)} are not known yet")
            return
        request = OrderRequest(
            symbol=position.symbol,
            side=Side.ASK if position.is_long else Side.BID,
            kind=OrderKind.MARKET,
            quantity=abs(position.net_quantity) or Decimal(0),
            reduce_only=True,
        )
        self.review(with_slippage(request), market)

    def cancel(self, order: TrackedOrder) -> None:
        """Ask, then cancel one order."""
        name = short_name(order, self._screen.desk)

        def send() -> None:
            order_id = order.order.order_id if order.order else None
            self._app.submit(
                lambda base: CancelOrder(*base, symbol=order.symbol, order_id=order_id, client_id=order.client_id)
            )

        if self._may_trade():
            self._screen.ask(f"cancel {name}?", send)

    def cancel_all(self, symbol: Symbol | None) -> None:
        """Ask, then cancel all orders of one market, or of all markets, and stop the strategies that run there."""
        account = self._screen.desk.account
        live = [o for o in (account.orders if account else None) or () if o.is_live and symbol in {None, o.symbol}]
        where = "in all markets" if symbol is None else f"of {market_name(symbol)}"
        known = account is not None and account.orders is not None

        def send() -> None:
            self._app.submit(lambda base: CancelAll(*base, symbol=symbol))

        count = f"{len(live)} order{'s' * (len(live) != 1)}" if known else "all orders"
        running = [s for s in (account.strategies if account else None) or () if symbol in {None, s.symbol}]
        if account is None or account.strategies_unknown:
            count += " and all strategies"
        elif running:
            count += f" and {len(running)} {'strategy' if len(running) == 1 else 'strategies'}"
        if self._may_trade():
            self._screen.ask(f"cancel {count} {where}?", send)

    def _may_trade(self) -> bool:
        if self._screen.desk.mode is Mode.READ:
            self._app.say(Severity.WARNING, "READ mode: orders are not sent. Start with --live to trade.")
            return False
        return True
