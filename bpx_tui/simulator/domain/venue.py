"""The simulated exchange without its wires: the facade that servers, order flow and tests speak to.

Synchronous and deterministic: time comes in by `advance`, randomness by the constructor, and the same seed with the
same calls gives the same answers and the same events. Nothing here does I/O. Calls either change the exchange and
answer, or raise `VenueRefusal` and change nothing. Money and prices are exact `Decimal`s.

Funds are ordinary ledger accounts (`ledger.FUNDS`): what the exchange earns or owes is there to be counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from random import Random

from bpx_tui.model.enums import MarketKind, TradingState
from bpx_tui.model.ids import ClientId, OrderId, Symbol
from bpx_tui.simulator.domain.accountdesk import AccountDesk
from bpx_tui.simulator.domain.clearing import Clearing
from bpx_tui.simulator.domain.core import Core, Listener
from bpx_tui.simulator.domain.expiry import Expiry
from bpx_tui.simulator.domain.funding import Funding
from bpx_tui.simulator.domain.funds import Funds
from bpx_tui.simulator.domain.inquiry import Inquiry
from bpx_tui.simulator.domain.interventions import Interventions
from bpx_tui.simulator.domain.ledger import CLEARING, FEES, FUNDS, INSURANCE, LENDING
from bpx_tui.simulator.domain.lending import LendingDesk
from bpx_tui.simulator.domain.liquidation import Liquidation
from bpx_tui.simulator.domain.margin import MarginDesk
from bpx_tui.simulator.domain.markets import Catalogue
from bpx_tui.simulator.domain.orderdesk import OrderDesk
from bpx_tui.simulator.domain.orders import AccountId, CancelScope, ClientIdRule, FillRecord, NewOrder, OrderRecord
from bpx_tui.simulator.domain.refusals import VenueRefusal, not_found
from bpx_tui.simulator.domain.reserves import Reserves
from bpx_tui.simulator.domain.saving import Restoring, SavedAccount, save_account
from bpx_tui.simulator.domain.seeds import seed_house
from bpx_tui.simulator.domain.settlement import Settlement
from bpx_tui.simulator.domain.timekeeper import Timekeeper
from bpx_tui.simulator.domain.trading import Trading
from bpx_tui.simulator.domain.treasury import Treasury
from bpx_tui.simulator.domain.triggers import Triggers
from bpx_tui.simulator.domain.unwinding import Unwinding
from bpx_tui.simulator.domain.views import (
    AccountInfo,
    VenueState,
)

__all__ = ["CLEARING", "FEES", "FUNDS", "INSURANCE", "LENDING", "Listener", "Venue", "VenueRefusal"]


class Venue(AccountDesk):
    """One exchange: markets, accounts, orders, positions, money."""

    def __init__(self, catalogue: Catalogue, *, now_us: int, rng: Random) -> None:
        core = Core(catalogue, now_us=now_us, rng=rng)
        margin, lending = MarginDesk(core), LendingDesk(core)
        settlement = Settlement(core, lending)
        funds = Funds(core, margin, lending)
        reserves = Reserves(core, margin, funds)
        inquiry = Inquiry(core, margin, lending)
        treasury = Treasury(core, margin, lending, funds, inquiry, settlement)
        super().__init__(core, lending, margin, inquiry, treasury)
        clearing = Clearing(core, settlement, margin)
        trading = Trading(core, reserves, clearing)
        triggers = Triggers(core, trading)
        self._orders = OrderDesk(core, trading, triggers, treasury, reserves, clearing)
        self._expiry = Expiry(core, self._orders, triggers, clearing)
        self._restoring = Restoring(core, lending, self._orders)
        backstop = seed_house(core, lending)
        unwinding = Unwinding(core, lending, clearing, settlement, backstop)
        liquidation = Liquidation(core, margin, trading, triggers, clearing, unwinding, backstop)
        self.interventions = Interventions(core, self._orders, trading, liquidation)
        """What faults do to accounts and markets."""
        self._timekeeper = Timekeeper(
            core, self._orders, Funding(core, settlement), lending, treasury, settlement, liquidation
        )

    # ---- time and listening

    @property
    def now_us(self) -> int:
        """Exchange time of the last action or `advance`, microseconds."""
        return self._core.now_us

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every event, in order, during the call that causes it.

        A listener must not call back into the venue.
        """
        self._core.listeners.append(listener)

    def advance(self, now_us: int) -> None:
        """Move time to `now_us` and do what falls due: marks (1 s), funding, interest, triggers, liquidations.

        Time never goes back: an earlier `now_us` is ignored.
        """
        self._timekeeper.advance(now_us)

    # ---- orders

    def set_client_id_rule(self, rule: ClientIdRule) -> None:
        """Choose whether a client id may be used again; repeatable from the start."""
        self._orders.client_id_rule = rule

    def place(self, account: AccountId, order: NewOrder, *, client_id_rule: ClientIdRule | None = None) -> OrderRecord:
        """Place one order; the record is its state after matching. `client_id_rule` overrides the exchange's own.

        Raises:
            VenueRefusal: nothing was placed.
        """
        return self._orders.place(self._core.account(account), order, client_id_rule)

    def place_batch(self, account: AccountId, orders: Iterable[NewOrder]) -> tuple[OrderRecord | VenueRefusal, ...]:
        """Place several in order; each stands or falls alone."""
        outcomes: list[OrderRecord | VenueRefusal] = []
        for order in orders:
            try:
                outcomes.append(self.place(account, order))
            except VenueRefusal as refusal:
                outcomes.append(refusal)
        return tuple(outcomes)

    def cancel(
        self,
        account: AccountId,
        symbol: Symbol,
        *,
        order_id: OrderId | None = None,
        client_id: ClientId | None = None,
    ) -> OrderRecord:
        """Cancel an open or trigger-pending order, by exactly one of the two ids.

        Raises:
            VenueRefusal: "Order not found" where it is not open.
        """
        return self._orders.cancel(self._core.account(account), symbol, order_id, client_id)

    def cancel_all(
        self, account: AccountId, symbol: Symbol, scope: CancelScope | None = None
    ) -> tuple[OrderRecord, ...]:
        """Cancel what is open on one market; empty when there was nothing."""
        return self._orders.cancel_all(self._core.account(account), symbol, scope)

    def order(
        self,
        account: AccountId,
        symbol: Symbol,
        *,
        order_id: OrderId | None = None,
        client_id: ClientId | None = None,
    ) -> OrderRecord:
        """An open or trigger-pending order.

        Raises:
            VenueRefusal: 404 where it is not open, whatever became of it.
        """
        found = self._orders.find(self._core.account(account), symbol, order_id, client_id)
        if found is None:
            raise not_found()
        return found.record()

    def open_orders(
        self, account: AccountId, *, symbol: Symbol | None = None, market_kind: MarketKind | None = None
    ) -> tuple[OrderRecord, ...]:
        """Resting and trigger-pending orders, oldest first."""
        holder = self._core.account(account)
        found = [order.record() for order in (*holder.orders.values(), *holder.pending.values())]
        return tuple(
            sorted(
                (
                    order
                    for order in found
                    if symbol in (None, order.symbol) and market_kind in (None, self._core.markets[order.symbol].kind)
                ),
                key=lambda order: int(order.id),
            )
        )

    def order_history(self, account: AccountId) -> tuple[OrderRecord, ...]:
        """Orders that ended, oldest first, each as it ended; bounded to the newest `HISTORY_LIMIT`."""
        return tuple(self._core.account(account).history)

    def fills(self, account: AccountId) -> tuple[FillRecord, ...]:
        """Fills, oldest first; bounded to the newest `HISTORY_LIMIT`."""
        return tuple(self._core.account(account).fills)

    # ---- markets

    def set_book_state(self, symbol: Symbol, state: TradingState) -> None:
        """Open or restrict a market; closing it expires what rests there."""
        self._orders.set_book_state(self._core.books[symbol], state)

    def settle_market(self, symbol: Symbol, price: Decimal) -> None:
        """End a derivative market for good: close every position at `price` (a prediction: 0 or 1)."""
        self._expiry.settle(self.market(symbol), price)

    def trade_off_book(
        self, buyer: AccountId, seller: AccountId, symbol: Symbol, price: Decimal, quantity: Decimal
    ) -> int:
        """Cross two accounts at an agreed price (RFQ); answers the trade id.

        Raises:
            VenueRefusal: one side lacks funds or margin.
        """
        return self._orders.trade_off_book(buyer, seller, self.market(symbol), price, quantity)

    # ---- keeping

    def save_account(self, account: AccountId) -> SavedAccount:
        """Everything of an account as a value; `plain.to_plain` writes it down."""
        return save_account(self._core.account(account))

    def restore_account(self, saved: SavedAccount, api_keys: Iterable[str] = ()) -> AccountInfo:
        """Create an account from a saved one; its open orders are placed anew, as far as they still can be.

        Raises:
            ValueError: the name or a key is taken.
        """
        info = self.open_account(
            saved.id,
            api_keys=api_keys,
            user_id=saved.user_id,
            subaccount_id=saved.subaccount_id,
            fees=saved.fees,
        )
        self._restoring.restore(saved, self._core.account(info.id))
        return info

    # ---- truth

    def state(self) -> VenueState:
        """Totals for checking that nothing was created or lost."""
        ledger = self._core.ledger
        funds = {
            fund: {asset: purse.available + purse.locked for asset, purse in ledger.accounts[fund].purses.items()}
            for fund in FUNDS
        }
        return VenueState(ledger.totals(), dict(ledger.deposited), funds, self._core.now_us)
