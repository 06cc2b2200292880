"""Scheduled strategies (TWAP): the exchange slices a quantity over time, and goes on when no client is there."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.enums import (
    ExpiryReason,
    SelfTradePrevention,
    Side,
    SlippageToleranceType,
    StrategyKind,
    StrategyStatus,
    TimeInForce,
)
from bpx_tui.model.ids import ClientId, StrategyId, Symbol


@dataclass(frozen=True, slots=True)
class StrategyRequest:
    """One strategy as the user confirmed it: `quantity` (base) in slices, one each `interval_ms` for `duration_ms`.

    With `price` (quote per base) the slices are limit orders, without it market orders. `randomized` varies the size
    of the slices. The `auto_...` flags concern spot margin, `reduce_only` futures.
    """

    symbol: Symbol
    side: Side
    quantity: Decimal
    duration_ms: int
    interval_ms: int
    kind: StrategyKind = StrategyKind.SCHEDULED
    price: Decimal | None = None
    randomized: bool = False
    reduce_only: bool = False
    post_only: bool = False
    time_in_force: TimeInForce | None = None
    client_strategy_id: ClientId | None = None
    self_trade_prevention: SelfTradePrevention | None = None
    slippage_tolerance: Decimal | None = None
    slippage_tolerance_type: SlippageToleranceType | None = None
    auto_borrow: bool | None = None
    auto_borrow_repay: bool | None = None
    auto_lend: bool | None = None
    auto_lend_redeem: bool | None = None


@dataclass(frozen=True, slots=True)
class Strategy:
    """A strategy as the exchange shows it. Quantities are base, `executed_quote_quantity` quote; both are cumulative.

    `quantity` is `None` where the history omits it. `reduce_only` is told of running ones, `cancel_reason` (why the
    exchange ended it) of past ones only.
    """

    strategy_id: StrategyId
    symbol: Symbol
    side: Side | str
    kind: StrategyKind | str
    status: StrategyStatus | str
    quantity: Decimal | None
    executed_quantity: Decimal
    executed_quote_quantity: Decimal
    duration_ms: int
    interval_ms: int
    created_ms: int
    time_in_force: TimeInForce | str
    self_trade_prevention: SelfTradePrevention | str
    randomized: bool = False
    reduce_only: bool = False
    client_strategy_id: ClientId | None = None
    slippage_tolerance: Decimal | None = None
    slippage_tolerance_type: SlippageToleranceType | str | None = None
    cancel_reason: ExpiryReason | str | None = None

    @property
    def remaining_quantity(self) -> Decimal | None:
        """Base quantity that it may still trade."""
        return None if self.quantity is None else max(self.quantity - self.executed_quantity, Decimal(0))

    @property
    def is_over(self) -> bool:
        """Whether it trades no more. A word that this version does not know says nothing of the kind."""
        return self.status in _OVER


_OVER = frozenset({StrategyStatus.COMPLETED, StrategyStatus.CANCELLED, StrategyStatus.TERMINATED})
