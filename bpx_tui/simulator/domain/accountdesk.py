"""Margin accounts as their owners see them: keys, balances, settings, limits, positions, borrows and lends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from bpx_tui.model.enums import Side
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.domain.accounts import NO_FEES, TIER_ONE, Account
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.funds import NO_MEANS, Means
from bpx_tui.simulator.domain.inquiry import Inquiry
from bpx_tui.simulator.domain.ledger import FUNDS
from bpx_tui.simulator.domain.lending import LendingDesk
from bpx_tui.simulator.domain.margin import MarginDesk
from bpx_tui.simulator.domain.marketdesk import MarketDesk
from bpx_tui.simulator.domain.orders import ZERO, AccountId
from bpx_tui.simulator.domain.standing import GOOD, Standing, needed_in
from bpx_tui.simulator.domain.treasury import Treasury
from bpx_tui.simulator.domain.views import (
    AccountInfo,
    AccountSettings,
    BalanceView,
    BorrowLendView,
    CollateralView,
    FeeTier,
    PositionView,
)

FIRST_USER_ID = 1_813_869


class AccountDesk(MarketDesk):
    """The private half of the exchange's facade, orders left out."""

    def __init__(
        self, core: Core, lending: LendingDesk, margin: MarginDesk, inquiry: Inquiry, treasury: Treasury
    ) -> None:
        super().__init__(core, lending)
        self._keys: dict[str, AccountId] = {}
        self._user_id = FIRST_USER_ID
        self._margin = margin
        self._inquiry = inquiry
        self._treasury = treasury

    # ---- accounts and money

    def open_account(
        self,
        name: str,
        *,
        api_keys: Iterable[str] = (),
        user_id: int | None = None,
        subaccount_id: int | None = None,
        house: bool = False,
        silent: bool = False,
        fees: FeeTier | None = None,
    ) -> AccountInfo:
        """Create a margin account; a sub-account is an account with its user's `user_id` and a `subaccount_id`.

        A `house` account (order flow, backstop) trades through the same ledger, but without margin checks, private
        events or history, which makes it cheap: it is trusted to be well funded. A `silent` account that is not the
        house's has the margin checks.

        Raises:
            ValueError: the name or a key is taken.
        """
        account_id = AccountId(name)
        if account_id in self._core.ledger.accounts:
            raise ValueError(f"there is an account {name!r} already")
        if user_id is None:
            self._user_id += 1
            user_id = self._user_id
        self._user_id = max(self._user_id, user_id)
        rates = fees or (NO_FEES if house else TIER_ONE)
        account = Account(account_id, user_id, subaccount_id, house=house, fees=rates, silent=silent)
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

    def transfer(
        self, giver: AccountId, taker: AccountId, asset: Asset, quantity: Decimal, means: Means = NO_MEANS
    ) -> None:
        """Move money between two accounts or funds (vaults, sub-accounts, dust); `means` say how it may be raised.

        Raises:
            VenueRefusal: the giver has not enough, or needs it as margin.
        """
        self._core.step()
        holder, receiver = self._core.account(giver), self._core.account(taker)
        self._treasury.transfer(holder, receiver, asset, quantity, means)
        self._core.flush_balances(holder)
        self._core.flush_balances(receiver)

    def capital(self, account: AccountId) -> Mapping[Asset, BalanceView]:
        """Balances, assets never held left out, sorted by asset."""
        purses = self._core.account(account).purses
        return {asset: BalanceView(purse.available, purse.locked, ZERO) for asset, purse in sorted(purses.items())}

    def collateral(self, account: AccountId) -> CollateralView:
        return self._margin.collateral_view(self._core.account(account))

    def standing(self, account: AccountId) -> Standing:
        """What the account may not do now; `interventions.set_standing` changes it."""
        standing = self._core.account(account).standing
        return GOOD if standing.until_us is not None and standing.until_us <= self._core.now_us else standing

    def check_may_trade(self, account: AccountId, symbol: Symbol) -> None:
        """Raises: VenueRefusal, the account is suspended, or without the permission for this kind of market."""
        self._core.account(account).check_permission(needed_in(self.market(symbol).kind), self._core.now_us)

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

    def borrow_liquidation_price(self, account: AccountId, asset: Asset, quantity: Decimal) -> Decimal:
        """Index at which a borrow of `quantity` more, spent at once, would be liquidated; zero where none."""
        return self._margin.borrow_liquidation_price(self._core.account(account), asset, quantity)

    def borrow_lend_positions(self, account: AccountId) -> tuple[BorrowLendView, ...]:
        holder = self._core.account(account)
        return tuple(self._margin.borrow_lend_view(holder, asset) for asset in sorted(holder.loans))
