"""The account as the desk knows it: moved by the private streams, corrected by REST, published as one picture.

Every part is merged by the engine's clock, so stream events that arrive while REST is being read need no queue: what is
newer stays. A REST answer counts as true at the moment its request left, which is when it may first have been made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bpx_tui.exchange.wire_rest import Rows
from bpx_tui.model.account import AccountSettings, Balance, Collateral, Position, PositionUpdate
from bpx_tui.model.ids import Symbol
from bpx_tui.model.lending import BorrowLendPosition
from bpx_tui.model.quotes import MarkPrice
from bpx_tui.model.strategies import Strategy
from bpx_tui.model.views import AccountAccess, AccountView, FeedState
from bpx_tui.service.fill_log import FillLog
from bpx_tui.service.order_board import OrderBoard

FILLS_SHOWN = 200
DRIFT_OF_EQUITY = Decimal("0.01")
"""So much of the equity may marks have won or lost since the margin summary was read; beyond it that is outdated."""


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A position that REST shows otherwise than stream and fills made it."""

    symbol: Symbol
    was: Decimal
    now: Decimal


class Account:
    """Balances, collateral, positions and settings; orders live on the board, fills in the log."""

    def __init__(self, access: AccountAccess, board: OrderBoard, fills: FillLog) -> None:
        self.access = access
        self.board = board
        self.fills = fills
        self.settings: AccountSettings | None = None
        self.collateral: Collateral | None = None
        self.balances: tuple[Balance, ...] | None = None
        self.balances_unreadable: tuple[str, ...] = ()
        self.loans: tuple[BorrowLendPosition, ...] | None = None
        self.strategies: tuple[Strategy, ...] | None = None
        self.strategies_unknown = "" if access is AccountAccess.NO_KEY else "not read yet"
        self.true_at_us: int | None = None
        self.state = FeedState.UNAVAILABLE if access is AccountAccess.NO_KEY else FeedState.WAITING
        self.reason = "no API key configured: only public data" if access is AccountAccess.NO_KEY else ""
        self._positions: dict[Symbol, Position] = {}
        self._positions_read_us: int | None = None
        self._marks: dict[Symbol, MarkPrice] = {}
        self._pnl_at_reading = Decimal(0)
        self._revision = 0

    @property
    def revision(self) -> tuple[int, int, int]:
        """Differs whenever the picture would."""
        return self._revision, self.board.revision, self.fills.revision

    def without_liquidation_price(self) -> dict[Symbol, Decimal]:
        """Held markets, with what is held, whose liquidation price has to be asked for one by one."""
        return {
            symbol: position.net_quantity
            for symbol, position in self._positions.items()
            if not position.is_flat and position.est_liquidation_price is None
        }

    def take_liquidation_price(self, told: Position) -> None:
        """What only a question for that one market tells."""
        known = self._positions.get(told.symbol)
        if known is not None and known.net_quantity == told.net_quantity and told.est_liquidation_price is not None:
            self._positions[told.symbol] = replace(known, est_liquidation_price=told.est_liquidation_price)
            self.touch()

    @property
    def position_symbols(self) -> frozenset[Symbol]:
        """Markets in which something is held: their mark price is wanted."""
        return frozenset(symbol for symbol, position in self._positions.items() if not position.is_flat)

    def position(self, symbol: Symbol) -> Position | None:
        """The open position of one market, `None` when flat or not known."""
        position = self._positions.get(symbol)
        return None if position is None or position.is_flat else position

    def touch(self) -> None:
        """Note that something to be shown has changed."""
        self._revision += 1

    def say(self, state: FeedState, reason: str) -> None:
        """Set how far the picture can be trusted, and why."""
        if (self.state, self.reason) != (state, reason):
            self.state, self.reason = state, reason
            self.touch()

    def take_money(
        self,
        balances: Sequence[Balance],
        collateral: Collateral,
        loans: Sequence[BorrowLendPosition] | None,
        at_us: int,
    ) -> None:
        """Replace balances, margin summary and loans as read by requests that left at that exchange time."""
        self.balances, self.collateral = tuple(balances), collateral
        self.balances_unreadable = balances.unreadable if isinstance(balances, Rows) else ()
        self.loans = None if loans is None else tuple(loans)
        self.true_at_us = max(self.true_at_us or 0, at_us)
        self._pnl_at_reading = self._pnl_unrealized()
        self.touch()

    @property
    def is_margin_outdated(self) -> bool:
        """Whether marks have moved equity and margin so far from what was read that they should be read again."""
        if self.collateral is None:
            return False
        return abs(self._pnl_unrealized() - self._pnl_at_reading) > abs(self.collateral.net_equity) * DRIFT_OF_EQUITY

    def _pnl_unrealized(self) -> Decimal:
        marked = (_marked(position, self._marks.get(symbol)) for symbol, position in self._positions.items())
        return sum((position.pnl_unrealized for position in marked), Decimal(0))

    def take_settings(self, settings: AccountSettings) -> None:
        self.settings = settings
        self.touch()

    def take_strategies(self, running: Sequence[Strategy]) -> None:
        """Replace the running strategies by what was read."""
        self.strategies, self.strategies_unknown = tuple(running), ""
        self.touch()

    def doubt_strategies(self, reason: str) -> None:
        """Keep the strategies last read, and say why they may not be those that run."""
        if self.strategies_unknown != reason:
            self.strategies_unknown = reason
            self.touch()

    def take_position(self, update: PositionUpdate) -> bool:
        """Move one position by a stream event; `False` when it is older than what is known."""
        position = update.position
        time_us = position.engine_time_us or update.event_time_us
        known = self._positions.get(position.symbol)
        if known is not None and time_us < known.engine_time_us:
            return False
        self._positions[position.symbol] = _with_liquidation_price(replace(position, engine_time_us=time_us), known)
        self.touch()
        return True

    def take_positions(self, positions: Sequence[Position], at_us: int) -> list[Unexplained]:
        """Replace all positions by what REST said, except those that the stream has moved since the request left.

        Returns what differs from what was known: REST is right, but somebody should hear of it.
        """
        told = {position.symbol: position for position in positions if not position.is_flat}
        differences: list[Unexplained] = []
        for symbol in {*told, *self._positions}:
            known = self._positions.get(symbol)
            if known is not None and known.engine_time_us > at_us:
                continue
            was = Decimal(0) if known is None else known.net_quantity
            position = told.get(symbol)
            now = Decimal(0) if position is None else position.net_quantity
            if was != now and self._positions_read_us is not None:
                differences.append(Unexplained(symbol, was, now))
            if position is None:
                self._positions.pop(symbol, None)
            else:
                self._positions[symbol] = _with_liquidation_price(replace(position, engine_time_us=at_us), known)
        self._positions_read_us = at_us
        self.touch()
        return differences

    def take_mark(self, mark: MarkPrice) -> None:
        """Move the unrealised profit of the market's position."""
        position = self._positions.get(mark.symbol)
        self._marks[mark.symbol] = mark
        if position is not None and not position.is_flat:
            self.touch()

    def _told_us(self, symbol: Symbol) -> int:
        """When what is held in a market was true: a position, or where there is none all positions and balances."""
        position = self._positions.get(symbol)
        if position is not None:
            return position.engine_time_us
        return min(self._positions_read_us or 0, self.true_at_us or 0)

    def view(self) -> AccountView:
        """The whole account as one immutable picture."""
        positions = tuple(
            _marked(position, self._marks.get(symbol))
            for symbol, position in sorted(self._positions.items())
            if not position.is_flat
        )
        read = self._positions_read_us is not None
        seen = read and self.access is not AccountAccess.NO_KEY
        return AccountView(
            access=self.access,
            state=self.state,
            settings=self.settings,
            collateral=self.collateral,
            balances=self.balances,
            balances_unreadable=self.balances_unreadable,
            loans=self.loans,
            positions=positions if read else None,
            orders=self.board.shown() if seen else None,
            fills=self.fills.newest(FILLS_SHOWN) if seen else None,
            unsettled=tuple(each for each in self.board.executions() if each.by_us > self._told_us(each.symbol)),
            strategies=self.strategies,
            strategies_unknown=self.strategies_unknown,
            true_at_us=self.true_at_us,
            reason=self.reason,
        )


def _marked(position: Position, newest: MarkPrice | None) -> Position:
    """The position at a newer mark price, if there is one.

    The exchange moves profit from unrealised to realised by itself, so only the change since its own mark is added.
    """
    if newest is None or (newest.engine_time_us or 0) < position.engine_time_us:
        return position
    moved = position.net_quantity * (newest.mark - position.mark_price)
    return replace(position, mark_price=newest.mark, pnl_unrealized=position.pnl_unrealized + moved)


def _with_liquidation_price(position: Position, known: Position | None) -> Position:
    """The position with the liquidation price known of it, which most answers leave out, while it is of that size."""
    if position.est_liquidation_price is not None or known is None or known.net_quantity != position.net_quantity:
        return position
    return replace(position, est_liquidation_price=known.est_liquidation_price)
