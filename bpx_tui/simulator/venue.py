"""The simulated exchange without its wires: the facade that servers, order flow and tests speak to.

Synchronous and deterministic: time comes in by `advance`, randomness by the constructor, and the same seed with the
same calls gives the same answers and the same events. Nothing here does I/O. Calls either change the exchange and
answer, or raise `VenueRefusal` and change nothing. Money and prices are exact `Decimal`s.

Funds are ordinary ledger accounts (`ledger.FUNDS`): what the exchange earns or owes is there to be counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from random import Random

from bpx_tui.model.enums import MarketKind, Side, TradingState
from bpx_tui.model.ids import Asset, ClientId, OrderId, Symbol
from bpx_tui.simulator.accounts import NO_FEES, TIER_ONE, Account
from bpx_tui.simulator.clearing import Clearing
from bpx_tui.simulator.core import Core, Listener
from bpx_tui.simulator.expiry import Expiry
from bpx_tui.simulator.funding import Funding
from bpx_tui.simulator.inquiry import Inquiry
from bpx_tui.simulator.ledger import CLEARING, FEES, FUNDS, INSURANCE, LENDING
from bpx_tui.simulator.lending import LendingDesk
from bpx_tui.simulator.liquidation import Liquidation
from bpx_tui.simulator.margin import MarginDesk
from bpx_tui.simulator.marketdesk import MarketDesk
from bpx_tui.simulator.markets import Catalogue
from bpx_tui.simulator.orderdesk import OrderDesk
from bpx_tui.simulator.orders import ZERO, AccountId, CancelScope, FillRecord, NewOrder, OrderRecord
from bpx_tui.simulator.refusals import VenueRefusal, not_found
from bpx_tui.simulator.reserves import Reserves
from bpx_tui.simulator.seeds import seed_house
from bpx_tui.simulator.settlement import Settlement
from bpx_tui.simulator.timekeeper import Timekeeper
from bpx_tui.simulator.trading import Trading
from bpx_tui.simulator.treasury import Treasury
from bpx_tui.simulator.triggers import Triggers
from bpx_tui.simulator.unwinding import Unwinding
from bpx_tui.simulator.views import (
    AccountInfo,
    AccountSettings,
    BalanceView,
    BorrowLendView,
    CollateralView,
    FeeTier,
    PositionView,
    VenueState,
)

__all__ = ["CLEARING", "FEES", "FUNDS", "INSURANCE", "LENDING", "Listener", "Venue", "VenueRefusal"]

FIRST_USER_ID = 1_813_869


class Venue(MarketDesk):
    """One exchange: markets, accounts, orders, positions, money."""

    def __init__(self, catalogue: Catalogue, *, now_us: int, rng: Random) -> None:
        core = Core(catalogue, now_us=now_us, rng=rng)
        super().__init__(core, LendingDesk(core))
        self._keys: dict[str, AccountId] = {}
        self._user_id = FIRST_USER_ID
        self._margin = MarginDesk(core)
        settlement = Settlement(core, self._lending)
        reserves = Reserves(core, self._margin, self._lending)
        self._inquiry = Inquiry(core, self._margin, self._lending)
        self._treasury = Treasury(core, self._margin, self._lending, reserves, self._inquiry, settlement)
        clearing = Clearing(core, settlement, self._margin)
        trading = Trading(core, reserves, clearing)
        triggers = Triggers(core, trading)
        self._orders = OrderDesk(core, trading, triggers, self._treasury, reserves, clearing)
        self._expiry = Expiry(core, self._orders, triggers, clearing)
        backstop = seed_house(core, self._lending)
        unwinding = Unwinding(core, self._lending, clearing, settlement, backstop)
        liquidation = Liquidation(core, self._margin, trading, triggers, clearing, unwinding, backstop)
        self._timekeeper = Timekeeper(
            core, self._orders, Funding(core, settlement), self._lending, self._treasury, settlement, liquidation
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

    # ---- accounts and money

    def open_account(
        self,
        name: str,
        *,
        api_keys: Iterable[str] = (),
        user_id: int | None = None,
        subaccount_id: int | None = None,
        house: bool = False,
        fees: FeeTier | None = None,
    ) -> AccountInfo:
        """Create a margin account; a sub-account is an account with its user's `user_id` and a `subaccount_id`.

        A `house` account (order flow, backstop) trades through the same ledger, but without margin checks, private
        events or history, which makes it cheap: it is trusted to be well funded.

        Raises:
            ValueError: the name or a key is taken.
        """
        account_id = AccountId(name)
        if account_id in self._core.ledger.accounts:
            raise ValueError(f"there is an account {name!r} already")
        if user_id is None:
            self._user_id += 1
            user_id = self._user_id
        rates = fees or (NO_FEES if house else TIER_ONE)
        account = Account(account_id, user_id, subaccount_id, house=house, fees=rates)
        self._core.ledger.accounts[account_id] = account
        for api_key in api_keys:
            self.add_api_key(account_id, api_key)
        return account.info()

    def add_api_key(self, account: AccountId, api_key: str) -> None:
        """Let `api_key` (base64 public key) act for the account."""
        if api_key in self._keys:
            raise ValueError("this API key is taken")
        self._keys[api_key] = account
        self._core.account(account).api_keys.append(api_key)

    def account_of_key(self, api_key: str) -> AccountId | None:
        return self._keys.get(api_key)

    def accounts(self) -> tuple[AccountInfo, ...]:
        """Every account, funds left out, in order of creation."""
        return tuple(account.info() for account in self._core.ledger.accounts.values() if account.id not in FUNDS)

    def deposit(self, account: AccountId, asset: Asset, quantity: Decimal) -> None:
        """Money comes in."""
        self._core.step()
        holder = self._core.account(account)
        self._treasury.deposit(holder, asset, quantity)
        self._core.flush_balances(holder)

    def lock_withdrawal(
        self, account: AccountId, asset: Asset, quantity: Decimal, *, auto_borrow: bool, auto_lend_redeem: bool
    ) -> int:
        """Set `quantity` aside for a withdrawal and answer its ticket.

        Raises:
            VenueRefusal: not enough free funds or margin.
        """
        self._core.step()
        holder = self._core.account(account)
        ticket = self._treasury.lock_withdrawal(
            holder, asset, quantity, auto_borrow=auto_borrow, auto_lend_redeem=auto_lend_redeem
        )
        self._core.flush_balances(holder)
        return ticket

    def complete_withdrawal(self, ticket: int) -> None:
        """The locked money leaves the exchange."""
        self._core.step()
        self._core.flush_balances(self._treasury.complete_withdrawal(ticket))

    def release_withdrawal(self, ticket: int) -> None:
        """The withdrawal did not happen: unlock the money."""
        self._core.step()
        self._core.flush_balances(self._treasury.release_withdrawal(ticket))

    def transfer(self, giver: AccountId, taker: AccountId, asset: Asset, quantity: Decimal) -> None:
        """Move free money between two accounts or funds (vaults, sub-accounts, dust).

        Raises:
            VenueRefusal: the giver has not enough, or needs it as margin.
        """
        self._core.step()
        holder, receiver = self._core.account(giver), self._core.account(taker)
        self._treasury.transfer(holder, receiver, asset, quantity)
        self._core.flush_balances(holder)
        self._core.flush_balances(receiver)

    def capital(self, account: AccountId) -> Mapping[Asset, BalanceView]:
        """Balances, assets never held left out, sorted by asset."""
        purses = self._core.account(account).purses
        return {asset: BalanceView(purse.available, purse.locked, ZERO) for asset, purse in sorted(purses.items())}

    def collateral(self, account: AccountId) -> CollateralView:
        return self._margin.collateral_view(self._core.account(account))

    def settings(self, account: AccountId) -> AccountSettings:
        return self._core.account(account).settings()

    def update_settings(
        self,
        account: AccountId,
        *,
        auto_borrow_settlements: bool | None = None,
        auto_lend: bool | None = None,
        auto_repay_borrows: bool | None = None,
        leverage_limit: Decimal | None = None,
    ) -> None:
        """Change what is given.

        Raises:
            VenueRefusal: leverage out of range, or too low for what is open.
        """
        holder = self._core.account(account)
        if leverage_limit is not None:
            self._treasury.set_leverage(holder, leverage_limit)
        if auto_borrow_settlements is not None:
            holder.auto_borrow_settlements = auto_borrow_settlements
        if auto_lend is not None:
            holder.auto_lend = auto_lend
        if auto_repay_borrows is not None:
            holder.auto_repay_borrows = auto_repay_borrows

    def max_order_quantity(
        self,
        account: AccountId,
        symbol: Symbol,
        side: Side,
        *,
        price: Decimal | None = None,
        reduce_only: bool = False,
        auto_borrow: bool = False,
        auto_lend_redeem: bool = False,
    ) -> Decimal:
        """Largest order the account could place now, a multiple of the step, at `price` or the best price."""
        return self._inquiry.max_order(
            self._core.account(account),
            self.market(symbol),
            side,
            price,
            reduce_only=reduce_only,
            auto_borrow=auto_borrow,
            auto_lend_redeem=auto_lend_redeem,
        )

    def max_borrow_quantity(self, account: AccountId, asset: Asset) -> Decimal:
        return self._inquiry.max_borrow(self._core.account(account), asset)

    def max_withdrawal_quantity(
        self, account: AccountId, asset: Asset, *, auto_borrow: bool = False, auto_lend_redeem: bool = False
    ) -> Decimal:
        return self._inquiry.max_withdrawal(
            self._core.account(account), asset, auto_borrow=auto_borrow, auto_lend_redeem=auto_lend_redeem
        )

    # ---- orders

    def place(self, account: AccountId, order: NewOrder) -> OrderRecord:
        """Place one order; the record is its state after matching.

        Raises:
            VenueRefusal: nothing was placed.
        """
        return self._orders.place(self._core.account(account), order)

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

    # ---- positions

    def positions(self, account: AccountId, symbol: Symbol | None = None) -> tuple[PositionView, ...]:
        """Open positions. With `symbol` the estimated liquidation price is filled in, otherwise it is zero."""
        return self._margin.position_views(self._core.account(account), symbol)

    def closed_positions(self, account: AccountId) -> tuple[PositionView, ...]:
        """Positions that ended, oldest first; bounded like the history."""
        return tuple(self._core.account(account).closed_positions)

    # ---- borrowing and lending

    def borrow_lend(self, account: AccountId, asset: Asset, side: str, quantity: Decimal) -> None:
        """`Lend` or `Borrow`; lending first repays a borrow, borrowing first redeems a lend.

        Raises:
            VenueRefusal: funds, supply, limits or margin do not allow it.
        """
        self._core.step()
        holder = self._core.account(account)
        self._treasury.borrow_lend(holder, asset, side, quantity)
        self._core.flush_balances(holder)

    def borrow_lend_positions(self, account: AccountId) -> tuple[BorrowLendView, ...]:
        holder = self._core.account(account)
        return tuple(self._margin.borrow_lend_view(holder, asset) for asset in sorted(holder.loans))

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

    # ---- truth

    def state(self) -> VenueState:
        """Totals for checking that nothing was created or lost."""
        ledger = self._core.ledger
        funds = {
            fund: {asset: purse.available + purse.locked for asset, purse in ledger.accounts[fund].purses.items()}
            for fund in FUNDS
        }
        return VenueState(ledger.totals(), dict(ledger.deposited), funds, self._core.now_us)
