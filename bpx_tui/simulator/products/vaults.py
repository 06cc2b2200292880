"""Vaults: an account whose assets are shared out as tokens, minted at the NAV and redeemed after a delay.

All tokens of a vault exist from the start; what the vault's own account holds is not in circulation, so minting and
redeeming only move tokens and nothing is created. NAV is equity in USDC per circulating token; mints pay the higher,
redeems get the lower of the spot NAV and its hourly average. NAVs are shown rounded; what is paid is reckoned exactly
and rounded against whoever comes or goes, so that nobody's coming or going costs those who stay.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from fractions import Fraction
from random import Random

from bpx_tui.model.ids import Asset
from bpx_tui.simulator.clock import Agenda
from bpx_tui.simulator.domain.funds import NO_MEANS, Means
from bpx_tui.simulator.domain.markets import QUOTE
from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.refusals import (
    VenueRefusal,
    insufficient_funds,
    invalid_asset,
    invalid_quantity,
    invalid_request,
)
from bpx_tui.simulator.domain.venue import Venue
from bpx_tui.simulator.flow.manager import Trend
from bpx_tui.simulator.history.seeded import Past
from bpx_tui.simulator.history.vaults import NAV_STEP, VaultMemory, VaultSnapshot

CRANK_US = 60_000_000
"""How often a vault's NAV is taken."""

AVERAGE_CRANKS = 60
SNAPSHOT_US = 3_600_000_000
DAY_US = 24 * SNAPSHOT_US
USDC_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class VaultTerms:
    """A vault's fixed terms. `supply` is every token that exists; `account` holds its assets and unsold tokens."""

    id: int
    account: AccountId
    token: Asset
    supply: Decimal
    min_mint: Decimal = Decimal(10)
    min_redeem_tokens: Decimal = Decimal(1)
    redeem_delay_us: int = DAY_US
    token_step: Decimal = Decimal("0.000001")


class RedeemStatus(StrEnum):
    REQUESTED = "Requested"
    REDEEMED = "Redeemed"
    CANCELLED = "Cancelled"


@dataclass(frozen=True, slots=True)
class Redeem:
    """A request to redeem; `quantity` (USDC) and `nav` are known once redeemed, `reason` once cancelled."""

    id: int
    vault_id: int
    account: AccountId
    tokens: Decimal
    status: RedeemStatus
    time_us: int
    quantity: Decimal | None = None
    nav: Decimal | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Nav:
    """USDC per token, and what it is made of."""

    nav: Decimal
    average: Decimal
    equity: Decimal
    net_equity: Decimal
    circulating: Decimal
    last_crank_us: int | None

    @property
    def mint_nav(self) -> Decimal:
        return max(self.nav, self.average)

    @property
    def redeem_nav(self) -> Decimal:
        return min(self.nav, self.average)


class VaultDesk:
    """All vaults of the exchange. Their accounts must be funded before this is built. A token's index is its NAV."""

    def __init__(
        self,
        venue: Venue,
        agenda: Agenda,
        rng: Random,
        vaults: Sequence[VaultTerms],
        market_past: Callable[[], Past],
    ) -> None:
        """`market_past` is of the market that the vaults' managers trade: their own past follows from it."""
        self._venue = venue
        self._agenda = agenda
        self._vaults = {terms.id: terms for terms in vaults}
        self._navs: dict[int, deque[Decimal]] = {terms.id: deque(maxlen=AVERAGE_CRANKS) for terms in vaults}
        self._last_crank_us: int | None = None
        self._next_id = rng.randrange(900_000, 999_000)
        self._pending: dict[int, Redeem] = {}
        self._ended: list[Redeem] = []
        now_us = venue.now_us
        self._memories = {
            terms.id: VaultMemory(self._snapshot(terms.id, now_us), market_past, Random(rng.random()))
            for terms in vaults
        }
        self._crank(now_us)
        agenda.every(CRANK_US, self._crank, now_us + CRANK_US)
        agenda.every(SNAPSHOT_US, self._remember, (now_us // SNAPSHOT_US + 1) * SNAPSHOT_US)

    def vaults(self) -> tuple[VaultTerms, ...]:
        return tuple(self._vaults.values())

    def vault_of(self, account: AccountId) -> VaultTerms:
        """The vault whose own account this is.

        Raises:
            VenueRefusal: 403, it is nobody's vault account.
        """
        for terms in self._vaults.values():
            if terms.account == account:
                return terms
        raise VenueRefusal(403, "FORBIDDEN", "Account is not a vault")

    def unsold(self, vault_id: int) -> Decimal:
        """Tokens that can still be minted."""
        terms = self._vault(vault_id)
        return self._held(terms.account, terms.token) - self._escrowed(vault_id)

    def nav(self, vault_id: int) -> Nav:
        terms = self._vault(vault_id)
        circulating, equity = self._circulating(terms), self.equity(vault_id)
        nav = (equity / circulating).quantize(NAV_STEP, ROUND_DOWN) if circulating > 0 else Decimal(1)
        taken = self._navs[vault_id]
        average = (sum(taken, Decimal(0)) / len(taken)).quantize(NAV_STEP, ROUND_DOWN) if taken else nav
        net_equity = self._venue.collateral(terms.account).net_equity
        return Nav(nav, average, equity, net_equity, circulating, self._last_crank_us)

    def equity(self, vault_id: int) -> Decimal:
        """All that the vault has, lends and is owed less what it owes, USDC. Its own tokens are worth nothing to it."""
        terms = self._vault(vault_id)
        view = self._venue.collateral(terms.account)
        own = self._held(terms.account, terms.token) * self._venue.index(terms.token)
        return view.assets_value - own + view.pnl_unrealized + view.unsettled_equity - view.borrow_liability

    def trend(self, vault_id: int) -> Trend:
        """The manager's rule as the vault's past has left it."""
        return self._memories[vault_id].trend

    def mint(
        self, account: AccountId, vault_id: int, asset: Asset, quantity: Decimal, means: Means = NO_MEANS
    ) -> Decimal:
        """Pay USDC in; answers the tokens received.

        Raises:
            VenueRefusal: no such vault, not USDC, too little, sold out, worth nothing, its own, or not enough funds.
        """
        terms = self._vault(vault_id)
        self._check_not_its_own(account, terms)
        if asset != QUOTE:
            raise invalid_asset("Vault can only be minted with USDC")
        if quantity < terms.min_mint:
            raise invalid_quantity("Quantity is below the vault minimum")
        if quantity % USDC_STEP:
            raise invalid_request("Quantity decimal too long")
        if not self.takes_mints(vault_id):
            raise VenueRefusal(400, "PRECONDITION_FAILED", "Vault does not accept mints")
        nav = self._exact_nav(terms)
        dear = max(nav, self._average(vault_id, nav))
        tokens = terms.token_step * int(Fraction(quantity) / dear / Fraction(terms.token_step))
        if tokens > self.unsold(vault_id):
            raise invalid_quantity("Quantity is above the remaining mint quantity")
        self._venue.transfer(account, terms.account, QUOTE, quantity, means)
        self._venue.transfer(terms.account, account, terms.token, tokens)
        return tokens

    def takes_mints(self, vault_id: int) -> bool:
        """Whether its tokens have a price."""
        return self._circulating(self._vault(vault_id)) <= 0 or self.equity(vault_id) > 0

    def request_redeem(self, account: AccountId, vault_id: int, tokens: Decimal | None) -> Redeem:
        """Hand tokens back (all of them with `None`); USDC comes after the vault's delay.

        Raises:
            VenueRefusal: no such vault, its own tokens, too few of them, or a request is pending already.
        """
        terms = self._vault(vault_id)
        self._check_not_its_own(account, terms)
        if self._pending_of(account, vault_id) is not None:
            raise invalid_request("Redeem request already pending")
        balance = self._venue.capital(account).get(terms.token)
        available = balance.available if balance is not None else Decimal(0)
        wanted = available if tokens is None else tokens
        if wanted < terms.min_redeem_tokens:
            raise invalid_quantity("Quantity is below the vault minimum")
        if wanted % terms.token_step:
            raise invalid_request("Quantity decimal too long")
        if wanted > available:
            raise insufficient_funds()
        self._venue.transfer(account, terms.account, terms.token, wanted)
        self._next_id += 1
        redeem = Redeem(self._next_id, vault_id, account, wanted, RedeemStatus.REQUESTED, self._venue.now_us)
        self._pending[redeem.id] = redeem
        self._agenda.at(self._venue.now_us + terms.redeem_delay_us, lambda _now: self._redeem(redeem.id))
        return redeem

    def cancel_redeem(self, account: AccountId, vault_id: int) -> Redeem:
        """Take a pending request back.

        Raises:
            VenueRefusal: there is none.
        """
        self._vault(vault_id)
        redeem = self._pending_of(account, vault_id)
        if redeem is None:
            raise invalid_request("Redeem request not found")
        return self._cancel(redeem, "Cancelled by user")

    def pending(self, vault_id: int) -> tuple[Redeem, ...]:
        """Pending requests of a vault, oldest first."""
        return tuple(redeem for redeem in self._pending.values() if redeem.vault_id == vault_id)

    def redeems(self, account: AccountId) -> tuple[Redeem, ...]:
        """Ended requests of an account, oldest first."""
        return tuple(redeem for redeem in self._ended if redeem.account == account)

    def snapshots(self, since_us: int, every_s: int, vault_id: int | None = None) -> tuple[VaultSnapshot, ...]:
        """Snapshots from `since_us` on at multiples of `every_s`, vault by vault, oldest first."""
        return tuple(
            row
            for number, memory in self._memories.items()
            if vault_id in (None, number)
            for row in memory.rows(since_us, every_s)
        )

    # ---- inside

    def _vault(self, vault_id: int) -> VaultTerms:
        terms = self._vaults.get(vault_id)
        if terms is None:
            raise invalid_request("Vault not found")
        return terms

    def _held(self, account: AccountId, asset: Asset) -> Decimal:
        balance = self._venue.capital(account).get(asset)
        return balance.available + balance.locked if balance is not None else Decimal(0)

    def _escrowed(self, vault_id: int) -> Decimal:
        return sum((redeem.tokens for redeem in self._pending.values() if redeem.vault_id == vault_id), Decimal(0))

    def _circulating(self, terms: VaultTerms) -> Decimal:
        return terms.supply - self.unsold(terms.id)

    def _exact_nav(self, terms: VaultTerms) -> Fraction:
        circulating = self._circulating(terms)
        return Fraction(self.equity(terms.id)) / Fraction(circulating) if circulating > 0 else Fraction(1)

    def _average(self, vault_id: int, nav: Fraction) -> Fraction:
        """Of the last hour, or `nav` where nothing was taken yet."""
        taken = self._navs[vault_id]
        return Fraction(sum(taken, Decimal(0))) / len(taken) if taken else nav

    @staticmethod
    def _check_not_its_own(account: AccountId, terms: VaultTerms) -> None:
        """What a vault holds of its own tokens is not in circulation: it can neither buy nor return them."""
        if account == terms.account:
            raise invalid_request("A vault cannot mint or redeem its own tokens")

    def _pending_of(self, account: AccountId, vault_id: int) -> Redeem | None:
        return next((redeem for redeem in self.pending(vault_id) if redeem.account == account), None)

    def _redeem(self, redeem_id: int) -> None:
        redeem = self._pending.get(redeem_id)
        if redeem is None:
            return
        terms = self._vault(redeem.vault_id)
        spot = self._exact_nav(terms)
        cheap = max(min(spot, self._average(terms.id, spot)), Fraction(0))
        quantity = USDC_STEP * int(Fraction(redeem.tokens) * cheap / Fraction(USDC_STEP))
        nav = self.nav(terms.id).redeem_nav
        try:
            self._venue.transfer(terms.account, redeem.account, QUOTE, quantity)
        except VenueRefusal:
            self._cancel(redeem, "Vault has insufficient liquidity")
            return
        del self._pending[redeem_id]
        self._ended.append(
            replace(redeem, status=RedeemStatus.REDEEMED, quantity=quantity, nav=nav, time_us=self._venue.now_us)
        )

    def _cancel(self, redeem: Redeem, reason: str) -> Redeem:
        terms = self._vault(redeem.vault_id)
        del self._pending[redeem.id]
        self._venue.transfer(terms.account, redeem.account, terms.token, redeem.tokens)
        ended = replace(redeem, status=RedeemStatus.CANCELLED, reason=reason, time_us=self._venue.now_us)
        self._ended.append(ended)
        return ended

    def _crank(self, now_us: int) -> None:
        for vault_id, taken in self._navs.items():
            nav = self.nav(vault_id).nav
            taken.append(nav)
            if nav > 0:
                self._venue.set_index(self._vaults[vault_id].token, nav)
        self._last_crank_us = now_us

    def _remember(self, now_us: int) -> None:
        for vault_id, memory in self._memories.items():
            memory.record(self._snapshot(vault_id, now_us))

    def _snapshot(self, vault_id: int, now_us: int) -> VaultSnapshot:
        nav = self.nav(vault_id)
        return VaultSnapshot(vault_id, now_us, nav.nav, nav.equity, nav.circulating)
