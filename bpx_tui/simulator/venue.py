"""The simulated exchange without its wires: the facade that servers, order flow and tests speak to.

Synchronous and deterministic: time comes in by `advance`, randomness by the constructor, and the same seed with the
same calls gives the same answers and the same events. Nothing here does I/O. Calls either change the exchange and
answer, or raise `VenueRefusal` and change nothing. Money and prices are exact `Decimal`s.

Funds are ordinary ledger accounts named in `FUNDS`: what the exchange earns or owes is there to be counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from random import Random
from typing import TypeAlias

from bpx_tui.model.enums import MarketKind, Side, TradingState
from bpx_tui.model.ids import Asset, ClientId, OrderId, Symbol
from bpx_tui.simulator.events import VenueEvent
from bpx_tui.simulator.markets import AssetTerms, Catalogue, Market
from bpx_tui.simulator.orders import AccountId, CancelScope, FillRecord, NewOrder, OrderRecord
from bpx_tui.simulator.refusals import VenueRefusal
from bpx_tui.simulator.views import (
    AccountInfo,
    AccountSettings,
    BalanceView,
    BorrowLendMarketView,
    BorrowLendView,
    CollateralView,
    DepthView,
    FeeTier,
    MarkView,
    PositionView,
    VenueState,
)

Listener: TypeAlias = Callable[[VenueEvent], None]

FEES = AccountId("fund:fees")
INSURANCE = AccountId("fund:insurance")
CLEARING = AccountId("fund:clearing")
LENDING = AccountId("fund:lending")
FUNDS = (FEES, INSURANCE, CLEARING, LENDING)


class Venue:
    """One exchange: markets, accounts, orders, positions, money."""

    def __init__(self, catalogue: Catalogue, *, now_us: int, rng: Random) -> None: ...

    # ---- time and listening

    @property
    def now_us(self) -> int:
        """Exchange time of the last action or `advance`, microseconds."""
        raise NotImplementedError

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every event, in order, during the call that causes it.

        A listener must not call back into the venue.
        """
        raise NotImplementedError

    def advance(self, now_us: int) -> None:
        """Move time to `now_us` and do what falls due: marks (1 s), funding, interest, triggers, liquidations.

        Time never goes back: an earlier `now_us` is ignored.
        """
        raise NotImplementedError

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
        raise NotImplementedError

    def add_api_key(self, account: AccountId, api_key: str) -> None:
        """Let `api_key` (base64 public key) act for the account."""
        raise NotImplementedError

    def account_of_key(self, api_key: str) -> AccountId | None:
        raise NotImplementedError

    def accounts(self) -> tuple[AccountInfo, ...]:
        """Every account, funds left out, in order of creation."""
        raise NotImplementedError

    def deposit(self, account: AccountId, asset: Asset, quantity: Decimal) -> None:
        """Money comes in."""
        raise NotImplementedError

    def lock_withdrawal(
        self, account: AccountId, asset: Asset, quantity: Decimal, *, auto_borrow: bool, auto_lend_redeem: bool
    ) -> int:
        """Set `quantity` aside for a withdrawal and answer its ticket.

        Raises:
            VenueRefusal: not enough free funds or margin.
        """
        raise NotImplementedError

    def complete_withdrawal(self, ticket: int) -> None:
        """The locked money leaves the exchange."""
        raise NotImplementedError

    def release_withdrawal(self, ticket: int) -> None:
        """The withdrawal did not happen: unlock the money."""
        raise NotImplementedError

    def transfer(self, giver: AccountId, taker: AccountId, asset: Asset, quantity: Decimal) -> None:
        """Move free money between two accounts or funds (vaults, sub-accounts, dust).

        Raises:
            VenueRefusal: the giver has not enough, or needs it as margin.
        """
        raise NotImplementedError

    def capital(self, account: AccountId) -> Mapping[Asset, BalanceView]:
        """Balances, assets never held left out, sorted by asset."""
        raise NotImplementedError

    def collateral(self, account: AccountId) -> CollateralView:
        raise NotImplementedError

    def settings(self, account: AccountId) -> AccountSettings:
        raise NotImplementedError

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
        raise NotImplementedError

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
        raise NotImplementedError

    def max_borrow_quantity(self, account: AccountId, asset: Asset) -> Decimal:
        raise NotImplementedError

    def max_withdrawal_quantity(
        self, account: AccountId, asset: Asset, *, auto_borrow: bool = False, auto_lend_redeem: bool = False
    ) -> Decimal:
        raise NotImplementedError

    # ---- orders

    def place(self, account: AccountId, order: NewOrder) -> OrderRecord:
        """Place one order; the record is its state after matching.

        Raises:
            VenueRefusal: nothing was placed.
        """
        raise NotImplementedError

    def place_batch(self, account: AccountId, orders: Iterable[NewOrder]) -> tuple[OrderRecord | VenueRefusal, ...]:
        """Place several in order; each stands or falls alone."""
        raise NotImplementedError

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
        raise NotImplementedError

    def cancel_all(
        self, account: AccountId, symbol: Symbol, scope: CancelScope | None = None
    ) -> tuple[OrderRecord, ...]:
        """Cancel what is open on one market; empty when there was nothing."""
        raise NotImplementedError

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
        raise NotImplementedError

    def open_orders(
        self, account: AccountId, *, symbol: Symbol | None = None, market_kind: MarketKind | None = None
    ) -> tuple[OrderRecord, ...]:
        """Resting and trigger-pending orders, oldest first."""
        raise NotImplementedError

    def order_history(self, account: AccountId) -> tuple[OrderRecord, ...]:
        """Orders that ended, oldest first, each as it ended; bounded to the newest `HISTORY_LIMIT`."""
        raise NotImplementedError

    def fills(self, account: AccountId) -> tuple[FillRecord, ...]:
        """Fills, oldest first; bounded to the newest `HISTORY_LIMIT`."""
        raise NotImplementedError

    # ---- positions

    def positions(self, account: AccountId, symbol: Symbol | None = None) -> tuple[PositionView, ...]:
        """Open positions. With `symbol` the estimated liquidation price is filled in, otherwise it is zero."""
        raise NotImplementedError

    def closed_positions(self, account: AccountId) -> tuple[PositionView, ...]:
        """Positions that ended, oldest first; bounded like the history."""
        raise NotImplementedError

    # ---- borrowing and lending

    def borrow_lend(self, account: AccountId, asset: Asset, side: str, quantity: Decimal) -> None:
        """`Lend` or `Borrow`; lending first repays a borrow, borrowing first redeems a lend.

        Raises:
            VenueRefusal: funds, supply, limits or margin do not allow it.
        """
        raise NotImplementedError

    def borrow_lend_positions(self, account: AccountId) -> tuple[BorrowLendView, ...]:
        raise NotImplementedError

    def borrow_lend_markets(self) -> tuple[BorrowLendMarketView, ...]:
        raise NotImplementedError

    # ---- markets

    def markets(self) -> tuple[Market, ...]:
        raise NotImplementedError

    def market(self, symbol: Symbol) -> Market:
        """Raises: KeyError, there is no such market."""
        raise NotImplementedError

    def assets(self) -> tuple[AssetTerms, ...]:
        raise NotImplementedError

    def book_state(self, symbol: Symbol) -> TradingState:
        raise NotImplementedError

    def set_book_state(self, symbol: Symbol, state: TradingState) -> None:
        """Open or restrict a market; closing it expires what rests there."""
        raise NotImplementedError

    def depth(self, symbol: Symbol, limit: int | None = None) -> DepthView:
        """The book, best first, at most `limit` levels a side."""
        raise NotImplementedError

    def best(self, symbol: Symbol) -> tuple[Decimal | None, Decimal | None]:
        """Best bid and best ask."""
        raise NotImplementedError

    def last_price(self, symbol: Symbol) -> Decimal | None:
        """Price of the last trade."""
        raise NotImplementedError

    def mark(self, symbol: Symbol) -> MarkView:
        raise NotImplementedError

    def index(self, asset: Asset) -> Decimal:
        """Reference price of an asset in USDC."""
        raise NotImplementedError

    def set_index(self, asset: Asset, price: Decimal) -> None:
        """The order flow's word on what an asset is worth; marks follow at the next second."""
        raise NotImplementedError

    def open_interest(self, symbol: Symbol) -> Decimal:
        """Sum of all long positions, base units; zero for spot."""
        raise NotImplementedError

    def touch(self, symbol: Symbol) -> None:
        """Advance the depth sequence without a change (`BookChanged` with no levels)."""
        raise NotImplementedError

    def trade_off_book(
        self, buyer: AccountId, seller: AccountId, symbol: Symbol, price: Decimal, quantity: Decimal
    ) -> int:
        """Cross two accounts at an agreed price (RFQ); answers the trade id.

        Raises:
            VenueRefusal: one side lacks funds or margin.
        """
        raise NotImplementedError

    # ---- truth

    def state(self) -> VenueState:
        """Totals for checking that nothing was created or lost."""
        raise NotImplementedError
