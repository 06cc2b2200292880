"""The whole exchange without its sockets: venue, memory, streams, faults and what happens by itself.

Callers run `run_due` before they touch anything, so that everything due by now has happened, and `settle` after, so
that what happened is remembered and streamed. Nothing here awaits: one thread, one trace per seed.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

from bpx_tui.model.enums import MarketKind
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.clock import US_PER_SECOND, Agenda, ExchangeClock, Happening
from bpx_tui.simulator.credentials import KeyPair, derived_pair, read_only_pair
from bpx_tui.simulator.desks import VAULT_ID, Desks
from bpx_tui.simulator.domain import events
from bpx_tui.simulator.domain.accounts import FEE_TIERS
from bpx_tui.simulator.domain.catalogue import VAULT_TOKEN
from bpx_tui.simulator.domain.markets import Catalogue, Market
from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.venue import Venue
from bpx_tui.simulator.faults import Faults
from bpx_tui.simulator.flow.crowd import open_standing_interest
from bpx_tui.simulator.flow.flow import Flow
from bpx_tui.simulator.flow.profile import profile_of
from bpx_tui.simulator.history.accounts import AccountMemories, FundingMemory
from bpx_tui.simulator.history.lagging import LaggingDepth
from bpx_tui.simulator.history.memory import MarketMemory
from bpx_tui.simulator.history.seeded import CommonFactor, Past, PastMaker
from bpx_tui.simulator.history.units import Units
from bpx_tui.simulator.keeping import Kept, KeptAccount
from bpx_tui.simulator.options import AccountOption, Options
from bpx_tui.simulator.rest.auth import KeyRing, Verifier
from bpx_tui.simulator.streams.hub import Hub
from bpx_tui.simulator.streams.names import DEPTH_SPEEDS_MS
from bpx_tui.simulator.streams.private import PrivateStreams
from bpx_tui.simulator.streams.public import PublicStreams
from bpx_tui.simulator.traps import Traps

CATCH_UP_US = 2 * US_PER_SECOND


class Exchange:
    """One running exchange."""

    def __init__(
        self,
        options: Options,
        catalogue: Catalogue,
        clock: ExchangeClock,
        *,
        skip_when_late: bool,
        kept: Kept | None = None,
    ) -> None:
        """`kept` are accounts of an earlier run, which take the place of new ones of the same name."""
        kept = kept or Kept()
        self.options = options
        self.clock = clock
        self.started_us = clock.now_us()
        self.venue = Venue(catalogue, now_us=self.started_us, rng=Random(f"{options.seed}/venue"))
        catch_up_us = CATCH_UP_US if skip_when_late else 0
        self.agenda = Agenda(catch_up_us, speed=options.speed, before=self.venue.advance, after=self._remember)
        self.agenda.now_us = self.started_us
        self.faults = Faults(Random(f"{options.seed}/faults"))
        self.traps = Traps(options.seed, on=options.traps, executed_5xx=options.executed_5xx)
        self.venue.set_client_id_rule(options.client_ids)
        self.keys = KeyRing()
        self.verifier = Verifier(self.keys)
        self.credentials: list[KeyPair] = []
        self.read_only: dict[AccountId, KeyPair] = {}
        """A second pair of every account, whose key changes nothing."""
        self.accounts = AccountMemories()
        self.funding = FundingMemory(options.seed)
        self._factor = CommonFactor(str(options.seed))
        self.memories = {market.symbol: self._memory(market) for market in self.venue.markets()}
        self._to_recall = [self.memories[market.symbol] for market in self.venue.markets() if market.has_book]
        for market in self.venue.markets():
            self.funding.seed(market, self.started_us)
        self.hub = Hub(self.faults, self.agenda.at)
        self.public = PublicStreams(self.venue, self.hub, self.memories, self.faults)
        self.private = PrivateStreams(self.venue, self.hub, self.memories, self.traps)
        self.lagging = LaggingDepth(self.venue, self.faults)
        if options.flow:
            open_standing_interest(self.venue)
        self._happened: list[events.VenueEvent] = []
        self.venue.listen(self._happened.append)
        self._open_all(kept)
        self.desks = Desks(
            self.venue,
            self.agenda,
            options.seed,
            lambda symbol: self.memories[symbol].past,
            kept.prices.get(Symbol(VAULT_TOKEN)),
        )
        for one in kept.accounts:
            self.desks.hand_out_vault_tokens(one.account.id, one.vault_tokens)
        self.desks.rfq.listen(lambda event: self.private.rfq_event(event, self._sent_us))
        self.keys.add(self.desks.vault_key.api_key, self.desks.vault_key.account)
        self._schedule()
        self.flow = Flow(self.venue, options, self) if options.flow else None
        if self.flow is not None:
            self.flow.start(self.started_us)
            self.desks.manage_vaults(self, self.started_us)
        self.settle()

    # ---- time

    @property
    def now_us(self) -> int:
        """Exchange time of what is being done now."""
        return self.agenda.now_us

    def auth_clocks_ms(self) -> tuple[int, ...]:
        """Times that a signature may be dated by: the exchange's, and the machine's where that one runs slower."""
        exchange_ms = self.now_us // 1000
        return (exchange_ms,) if self.options.speed == 1 else (exchange_ms, self.clock.wall_ms())

    def run_due(self) -> int:
        """Let everything happen that is due by now; answers how many things that were."""
        done = self.agenda.run_until(self.clock.now_us())
        self.venue.advance(self.now_us)
        self.settle()
        return done

    def every(self, period_us: int, happening: Happening, first_us: int | None = None) -> None:
        """Schedule something that repeats, from the next whole period of the clock on or from `first_us`."""
        self.agenda.every(period_us, happening, self._next(period_us) if first_us is None else first_us)

    def at(self, due_us: int, happening: Happening) -> None:
        """Schedule something once."""
        self.agenda.at(due_us, happening)

    def _next(self, period_us: int) -> int:
        """The next whole period of the clock, so that minutes end at minutes."""
        return (self.started_us // period_us + 1) * period_us

    def _schedule(self) -> None:
        for speed_ms in DEPTH_SPEEDS_MS.values():
            self.every(speed_ms * 1000, lambda now_us, speed=speed_ms: self.public.say_gathered(speed, now_us))  # type: ignore[misc]
        self.every(US_PER_SECOND, self.public.say_klines)
        self.every(US_PER_SECOND, self.public.say_tickers, self.started_us + US_PER_SECOND // 2)
        self.every(60 * US_PER_SECOND, self.public.say_open_interest)

    # ---- what happened

    def settle(self) -> None:
        """Remember and stream what happened; call at the end of everything that touches the venue."""
        self._remember()
        self.public.finish(self._sent_us)

    @property
    def _sent_us(self) -> int:
        """When an event leaves: never before the moment of the engine that it tells of."""
        return max(self.now_us, self.venue.now_us)

    def _remember(self) -> None:
        if not self._happened:
            return
        batch, now_us = self._happened.copy(), self._sent_us
        self._happened.clear()
        for event in batch:
            self._route(event, now_us)

    def _route(self, event: events.VenueEvent, now_us: int) -> None:
        match event:
            case events.BookChanged():
                self.public.book_changed(event, now_us)
            case events.TradePrinted():
                self.memories[event.symbol].record(event)
                self.public.trade_printed(event, now_us)
            case events.OrderEvent():
                self.private.order_event(event, now_us)
            case events.PositionChanged():
                self.private.position_changed(event, now_us)
            case events.MarkChanged():
                self.memories[event.symbol].record_mark(event)
                self.public.mark_changed(event, now_us)
            case events.LiquidationPrinted():
                self.public.liquidation_printed(event, now_us)
            case events.FundingSettled():
                self.funding.record(event)
            case events.FundingPaid():
                self.accounts.of(event.account).funding.append(event)
            case events.InterestPaid():
                self.accounts.of(event.account).loans.paid(event)
            case events.BorrowLendMoved():
                open_now = self.venue.borrow_lend_positions(event.account)
                self.accounts.of(event.account).loans.moved(event, open_now)
            case events.SettlementMade():
                self.accounts.of(event.account).settlements.append(event)
            case _:
                pass

    # ---- markets and accounts

    def jump(self, asset: Asset, factor: float) -> None:
        """Move the price of an asset at once."""
        if self.flow is not None:
            self.flow.jump(asset, factor)
        else:
            self.venue.set_index(asset, self.venue.index(asset) * Decimal(repr(factor)))

    @property
    def symbols(self) -> dict[Symbol, MarketMemory]:
        """Every market there is, for parsing."""
        return self.memories

    def recall_one(self) -> None:
        """Draw the past of one more market, so that no single request has to wait for all of them."""
        if self._to_recall:
            self._to_recall.pop(0).candles()

    def _memory(self, market: Market) -> MarketMemory:
        units = Units.of(market)

        def draw() -> Past:
            if not market.has_book:
                return Past({}, ())
            profile = profile_of(market)
            price = float(market.start_price)
            lot = max(1, round(profile.trade_notional * 1.7 / price / float(units.step)))
            rng = Random(f"{self.options.seed}/{market.symbol}/past")
            own = CommonFactor(f"{self.options.seed}/{market.base}")
            maker = PastMaker(self._factor, own, rng, profile, anchor=units.ticks(market.start_price), lot=lot)
            highest = market.price.max_price
            return maker.draw(self.started_us // 1000, ceiling=None if highest is None else units.ticks(highest))

        return MarketMemory(units, draw)

    def kept(self) -> Kept:
        """What is to outlive this run: every account with a key, and where prices are."""
        prices = {
            market.symbol: self.venue.mark(market.symbol).mark
            if market.kind is MarketKind.PREDICTION
            else self.venue.index(market.base)
            for market in self.venue.markets()
        }
        prices[Symbol(VAULT_TOKEN)] = self.desks.vaults.nav(VAULT_ID).nav
        return Kept(tuple(self._kept(pair) for pair in self.credentials), prices)

    def _kept(self, pair: KeyPair) -> KeptAccount:
        saved = self.venue.save_account(pair.account)
        balances = tuple((asset, quantity) for asset, quantity in saved.balances if asset != VAULT_TOKEN)
        tokens = self.desks.vault_tokens(pair.account)
        looking = self.read_only[pair.account]
        return KeptAccount(
            replace(saved, balances=balances),
            tokens,
            pair.api_key,
            pair.api_secret,
            looking.api_key,
            looking.api_secret,
        )

    def _open_all(self, kept: Kept) -> None:
        """Open what was kept and what the options ask for; credentials stay in the order asked for."""
        wanted = kept.to_open(self.options.accounts)
        for account in sorted(wanted, key=lambda one: kept.of(one.name) is None):  # new users are numbered after kept
            self._open(account, kept.of(account.name))
        names = [account.name for account in wanted]
        self.credentials.sort(key=lambda pair: names.index(pair.account))

    def _open(self, option: AccountOption, kept: KeptAccount | None) -> None:
        account = AccountId(option.name)
        pair = derived_pair(self.options.seed, account)
        if option.api_key is not None:
            pair = KeyPair(account, option.api_key, None)
        elif kept is not None:
            pair = KeyPair(account, kept.api_key, kept.api_secret)
        looking = read_only_pair(self.options.seed, account)
        if kept is not None and kept.read_only_key is not None:
            looking = KeyPair(account, kept.read_only_key, kept.read_only_secret)
        self.keys.add(pair.api_key, account)
        self.keys.add(looking.api_key, account, read_only=True)
        self.credentials.append(pair)
        self.read_only[account] = looking
        if kept is not None:
            self.venue.restore_account(kept.account, (pair.api_key,))
            return
        user_id = None
        if option.subaccount_id is not None:
            user_id = next(info.user_id for info in self.venue.accounts() if info.id == option.user)
        self.venue.open_account(
            option.name,
            api_keys=(pair.api_key,),
            user_id=user_id,
            subaccount_id=option.subaccount_id,
            fees=FEE_TIERS[self.options.fee_tier - 1],
        )
        for asset, quantity in option.balances:
            self.venue.deposit(account, asset, quantity)
