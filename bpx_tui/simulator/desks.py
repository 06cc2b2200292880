"""The exchange's other businesses, opened beside the markets: one desk each."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random

from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.clock import Agenda
from bpx_tui.simulator.credentials import derived_pair
from bpx_tui.simulator.domain.catalogue import VAULT_TOKEN
from bpx_tui.simulator.domain.markets import QUOTE, AssetTerms
from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.standing import Permission, Standing
from bpx_tui.simulator.domain.venue import Venue
from bpx_tui.simulator.flow import manager
from bpx_tui.simulator.history.seeded import Past
from bpx_tui.simulator.products.custody import ChainTerms, CustodyDesk, contract_address
from bpx_tui.simulator.products.dust import DustDesk
from bpx_tui.simulator.products.predictions import PredictionDesk
from bpx_tui.simulator.products.rfq import RfqDesk
from bpx_tui.simulator.products.securities import SecurityDesk
from bpx_tui.simulator.products.strategies import StrategyDesk
from bpx_tui.simulator.products.vaults import VaultDesk, VaultTerms

VAULT = AccountId("vault")
VAULT_ID = 1
INVESTOR = AccountId("house:investor")
_VAULT_SUPPLY = Decimal(5_000_000)
_VAULT_CIRCULATING = Decimal(1_000_000)
_VAULT_NAV = Decimal("1.0123005")
_RFQ_CHEST = Decimal(100_000_000)
_OWN_CHAIN = {"BTC": "Bitcoin", "ETH": "Ethereum", "XRP": "XRP", "DOGE": "Dogecoin", "SUI": "Sui", "AVAX": "Avalanche"}
_ALSO_ETHEREUM = frozenset({"USDC", "USDT"})
_DOLLAR_DIGITS = 6


class Desks:
    """One of each. The vault trades with an account and a key of its own."""

    def __init__(
        self,
        venue: Venue,
        agenda: Agenda,
        seed: int,
        market_past: Callable[[Symbol], Past],
        vault_nav: Decimal | None = None,
    ) -> None:
        """`vault_nav` is what a vault token was worth when the exchange was last seen."""
        self._venue = venue
        self._seed = seed
        self.custody = CustodyDesk(venue, agenda, self._rng("custody"), self._chains())
        self.dust = DustDesk(venue, self._rng("dust"))
        self.strategies = StrategyDesk(venue, agenda, self._rng("strategies"))
        self.rfq = RfqDesk(venue, agenda, self._rng("rfq"), [self._rfq_maker(name) for name in ("rfq-a", "rfq-b")])
        self.predictions = PredictionDesk(venue, agenda, self._rng("predictions"))
        self.securities = SecurityDesk(venue, agenda)
        self.vault_key = derived_pair(seed, VAULT)
        terms = self._vault(vault_nav or _VAULT_NAV)
        self.vaults = VaultDesk(venue, agenda, self._rng("vaults"), [terms], lambda: market_past(manager.MARKET))

    def manage_vaults(self, timetable: manager.Timetable, now_us: int) -> None:
        """Let the vault's manager trade from now on."""
        desk, rng = self.vaults, self._rng("vaults/manager")
        manager.VaultManager(
            self._venue, VAULT, lambda: desk.equity(VAULT_ID), lambda: desk.trend(VAULT_ID), rng, timetable
        ).start(now_us)

    def set_standing(self, account: AccountId, standing: Standing) -> None:
        """Suspend an account or withdraw its permissions: orders expire, RFQs and quotes are cancelled.

        Its strategies end with the next slice, which is refused.
        """
        self._venue.interventions.set_standing(account, standing)
        if standing.bars(Permission.RFQ, self._venue.now_us) is not None:
            self.rfq.end_all_of(account)

    def vault_tokens(self, account: AccountId) -> Decimal:
        """Vault tokens of an account, those handed in for a redemption that is under way included."""
        held = self._venue.capital(account).get(VAULT_TOKEN)
        handed_in = sum(
            (
                redeem.tokens
                for vault in self.vaults.vaults()
                for redeem in self.vaults.pending(vault.id)
                if redeem.account == account
            ),
            Decimal(0),
        )
        return handed_in if held is None else handed_in + held.available + held.locked

    def hand_out_vault_tokens(self, account: AccountId, tokens: Decimal) -> None:
        """Give an account of an earlier run its tokens back, out of the early investor's: none are created."""
        investor = self._venue.capital(INVESTOR)[VAULT_TOKEN].available
        if tokens > 0:
            self._venue.transfer(INVESTOR, account, VAULT_TOKEN, min(tokens, investor))

    def _rng(self, name: str) -> Random:
        return Random(f"{self._seed}/{name}")

    def _chains(self) -> tuple[ChainTerms, ...]:
        """Where each asset can be moved. Smallest deposit and fee are worth about half a dollar."""
        chains: list[ChainTerms] = []
        for terms in self._venue.assets():
            if terms.asset == VAULT_TOKEN:
                continue
            names = [_OWN_CHAIN.get(terms.asset, "Solana")]
            if terms.asset in _ALSO_ETHEREUM:
                names.append("Ethereum")
            chains += [self._chain(terms, name) for name in names]
        return tuple(chains)

    def _chain(self, terms: AssetTerms, blockchain: str) -> ChainTerms:
        price = self._venue.index(terms.asset)
        unit = Decimal(1).scaleb(-min(terms.decimals, _DOLLAR_DIGITS))
        fee = max((Decimal("0.5") / price).quantize(unit) if price > 0 else unit, unit)
        contract = contract_address(terms.asset, blockchain)
        return ChainTerms(terms.asset, blockchain, contract, terms.decimals, fee, fee * 2, fee)

    def _rfq_maker(self, name: str) -> AccountId:
        maker = self._venue.open_account(f"house:{name}", house=True).id
        for market in self._venue.markets():
            if not market.has_book:
                self._venue.deposit(maker, market.base, (_RFQ_CHEST / market.start_price).quantize(Decimal(1)))
        self._venue.deposit(maker, QUOTE, _RFQ_CHEST)
        return maker

    def _vault(self, nav: Decimal) -> VaultTerms:
        """A running vault: a fifth of its tokens are out with an early investor."""
        self._venue.open_account(VAULT, api_keys=(self.vault_key.api_key,))
        investor = self._venue.open_account(INVESTOR, house=True).id
        self._venue.deposit(VAULT, VAULT_TOKEN, _VAULT_SUPPLY - _VAULT_CIRCULATING)
        self._venue.deposit(investor, VAULT_TOKEN, _VAULT_CIRCULATING)
        self._venue.deposit(VAULT, QUOTE, _VAULT_CIRCULATING * nav)
        return VaultTerms(VAULT_ID, VAULT, VAULT_TOKEN, _VAULT_SUPPLY)
