"""Whatever accounts do, nothing is created or lost, nothing is overdrawn, and the books stay sound."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bpx_tui.model.enums import OrderKind, SelfTradePrevention, Side, TimeInForce, TradingState, TriggerBy
from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.ledger import CLEARING, LENDING
from bpx_tui.simulator.domain.orders import ZERO, AttachedExit, CancelScope, NewOrder, TriggerTerms
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.domain.seeds import CLEARING_SEED
from bpx_tui.simulator.domain.standing import Permission, Standing, needed_in
from bpx_tui.simulator.domain.venue import FUNDS
from tests.simulator.floor import PERP, SOL, SPOT, USDC, Floor

ETH_PERP = Symbol("ETH_USDC_PERP")
PREDICTION = Symbol("FEDCUTDEC26_USDC_PREDICTION")
STARTS = {SPOT: Decimal("178.50"), PERP: Decimal("178.50"), ETH_PERP: Decimal(4230), PREDICTION: Decimal("0.64")}
SIZES = {SPOT: Decimal("0.05"), PERP: Decimal("0.05"), ETH_PERP: Decimal("0.002"), PREDICTION: Decimal(5)}

symbols = st.sampled_from(sorted(STARTS))
traders = st.sampled_from(["alice", "bob", "carol"])
sides = st.sampled_from(list(Side))
offsets = st.integers(-12, 12)
lots = st.integers(1, 4000)


class Exchange(RuleBasedStateMachine):
    """Random clients of one venue."""

    def __init__(self) -> None:
        super().__init__()
        floor = self.floor = Floor()
        self.venue = floor.venue
        carol = self.venue.open_account("carol").id
        self.venue.deposit(carol, USDC, Decimal(3_000))
        self.names = {"alice": floor.alice, "bob": floor.bob, "carol": carol, "maker": floor.maker}
        self.core = self.venue._core
        for symbol, start in STARTS.items():
            tick = self.venue.market(symbol).price.tick_size
            for level in range(1, 6):
                size = SIZES[symbol] * 400
                floor.limit(floor.maker, Side.BID, str(size), str(start - level * tick), symbol)
                floor.limit(floor.maker, Side.ASK, str(size), str(start + level * tick), symbol)

    def attempt(self, name: str, order: NewOrder) -> None:
        before, size = self.holdings(name), self.size(name, order.symbol)
        try:
            self.venue.place(self.names[name], order)
        except VenueRefusal:
            assert self.holdings(name) == before
        else:
            if order.reduce_only and order.trigger is None:
                after = self.size(name, order.symbol)
                assert min(size, ZERO) <= after <= max(size, ZERO)

    def size(self, name: str, symbol: Symbol) -> Decimal:
        position = self.core.account(self.names[name]).positions.get(symbol)
        return ZERO if position is None else position.quantity

    def holdings(self, name: str) -> object:
        account = self.core.account(self.names[name])
        purses = {asset: (p.available, p.locked) for asset, p in account.purses.items() if p.available or p.locked}
        positions = {symbol: p.quantity for symbol, p in account.positions.items() if p.quantity}
        loans = {asset: loan.quantity for asset, loan in account.loans.items()}
        return purses, list(account.orders), list(account.pending), positions, loans

    def price(self, symbol: Symbol, offset: int) -> Decimal:
        market = self.venue.market(symbol)
        reference = self.venue.last_price(symbol) or STARTS[symbol]
        price = reference + offset * market.price.tick_size
        return max(market.price.min_price, min(price, market.price.max_price or price))

    @rule(
        name=traders,
        symbol=symbols,
        side=sides,
        offset=offsets,
        size=lots,
        tif=st.sampled_from(list(TimeInForce)),
        reduce_only=st.booleans(),
        post_only=st.booleans(),
        stp=st.sampled_from(list(SelfTradePrevention)),
        flags=st.booleans(),
    )
    def limit(
        self,
        name: str,
        symbol: Symbol,
        side: Side,
        offset: int,
        size: int,
        tif: TimeInForce,
        reduce_only: bool,
        post_only: bool,
        stp: SelfTradePrevention,
        flags: bool,
    ) -> None:
        self.attempt(
            name,
            NewOrder(
                symbol,
                side,
                OrderKind.LIMIT,
                SIZES[symbol] * size,
                self.price(symbol, offset),
                time_in_force=TimeInForce.GTC if post_only else tif,
                post_only=post_only,
                reduce_only=reduce_only and symbol != SPOT,
                self_trade_prevention=stp,
                auto_borrow=flags,
                auto_lend_redeem=flags,
            ),
        )

    @rule(name=traders, symbol=symbols, side=sides, size=lots, by_quote=st.booleans(), reduce_only=st.booleans())
    def market(self, name: str, symbol: Symbol, side: Side, size: int, by_quote: bool, reduce_only: bool) -> None:
        order = NewOrder(
            symbol,
            side,
            OrderKind.MARKET,
            None if by_quote else SIZES[symbol] * size,
            quote_quantity=Decimal(size) if by_quote else None,
            reduce_only=reduce_only and symbol != SPOT,
        )
        self.attempt(name, order)

    @rule(
        name=traders,
        symbol=symbols,
        side=sides,
        offset=offsets,
        amount=st.sampled_from(["50%", "100%", "1", "20"]),
        by=st.sampled_from([TriggerBy.LAST, TriggerBy.MARK, TriggerBy.INDEX]),
        reduce_only=st.booleans(),
    )
    def trigger(
        self, name: str, symbol: Symbol, side: Side, offset: int, amount: str, by: TriggerBy, reduce_only: bool
    ) -> None:
        self.attempt(
            name,
            NewOrder(
                symbol,
                side,
                OrderKind.MARKET,
                reduce_only=reduce_only and symbol != SPOT,
                trigger=TriggerTerms(self.price(symbol, offset), by),
                trigger_quantity=amount,
            ),
        )

    @rule(name=traders, symbol=symbols, side=sides, size=lots, away=st.integers(1, 20))
    def entry_with_exits(self, name: str, symbol: Symbol, side: Side, size: int, away: int) -> None:
        sign = 1 if side is Side.BID else -1
        exits = [AttachedExit(TriggerTerms(self.price(symbol, way * away * sign))) for way in (1, -1)]
        order = NewOrder(
            symbol,
            side,
            OrderKind.LIMIT,
            SIZES[symbol] * size,
            self.price(symbol, sign),
            take_profit=exits[0],
            stop_loss=exits[1],
        )
        self.attempt(name, order)

    @rule(name=traders, symbol=symbols, scope=st.sampled_from([None, *CancelScope]))
    def cancel_all(self, name: str, symbol: Symbol, scope: CancelScope | None) -> None:
        self.venue.cancel_all(self.names[name], symbol, scope)

    @rule(name=traders, pick=st.integers(0, 50))
    def cancel(self, name: str, pick: int) -> None:
        orders = self.venue.open_orders(self.names[name])
        if orders:
            order = orders[pick % len(orders)]
            self.venue.cancel(self.names[name], order.symbol, order_id=order.id)

    @rule(symbol=symbols, side=sides, offset=st.integers(1, 8), size=lots)
    def quotes(self, symbol: Symbol, side: Side, offset: int, size: int) -> None:
        price = self.price(symbol, -offset if side is Side.BID else offset)
        order = NewOrder(
            symbol,
            side,
            OrderKind.LIMIT,
            SIZES[symbol] * size * 4,
            price,
            self_trade_prevention=SelfTradePrevention.REJECT_MAKER,
        )
        self.attempt("maker", order)

    @rule(percent=st.integers(-25, 25), symbol=symbols)
    def index_moves(self, percent: int, symbol: Symbol) -> None:
        asset = self.venue.market(symbol).base
        if symbol != PREDICTION:
            self.venue.set_index(asset, self.venue.index(asset) * (100 + percent) / 100)

    @rule(seconds=st.sampled_from([1, 1, 5, 61, 3600, 30_000]))
    def time_passes(self, seconds: int) -> None:
        self.floor.seconds(seconds)

    @rule(name=traders, side=st.sampled_from(["Borrow", "Lend"]), amount=st.integers(1, 20_000), sol=st.booleans())
    def borrow_or_lend(self, name: str, side: str, amount: int, sol: bool) -> None:
        try:
            self.venue.borrow_lend(self.names[name], SOL if sol else USDC, side, Decimal(amount) / (100 if sol else 1))
        except VenueRefusal:
            return

    @rule(name=traders, amount=st.integers(1, 50_000), done=st.booleans(), flags=st.booleans())
    def withdraw(self, name: str, amount: int, done: bool, flags: bool) -> None:
        try:
            ticket = self.venue.lock_withdrawal(
                self.names[name], USDC, Decimal(amount), auto_borrow=flags, auto_lend_redeem=flags
            )
        except VenueRefusal:
            return
        if done:
            self.venue.complete_withdrawal(ticket)
        else:
            self.venue.release_withdrawal(ticket)

    @rule(name=traders, other=traders, symbol=st.sampled_from([SPOT, PERP]), size=lots)
    def off_book(self, name: str, other: str, symbol: Symbol, size: int) -> None:
        if name == other:
            return
        price = self.price(symbol, 0)
        try:
            self.venue.trade_off_book(self.names[name], self.names[other], symbol, price, SIZES[symbol] * size)
        except VenueRefusal:
            return

    @rule(name=traders, lend=st.booleans(), leverage=st.integers(1, 50))
    def change_settings(self, name: str, lend: bool, leverage: int) -> None:
        try:
            self.venue.update_settings(self.names[name], auto_lend=lend, leverage_limit=Decimal(leverage))
        except VenueRefusal:
            return

    @rule(symbol=symbols, state=st.sampled_from([*TradingState, TradingState.OPEN, TradingState.OPEN]))
    def book_state(self, symbol: Symbol, state: TradingState) -> None:
        self.venue.set_book_state(symbol, state)

    @rule(name=traders, suspended=st.booleans(), withdrawn=st.lists(st.sampled_from(Permission), max_size=2))
    def standing(self, name: str, suspended: bool, withdrawn: list[Permission]) -> None:
        """For a minute: what may not be open any more is gone at once."""
        account, now_us = self.names[name], self.venue.now_us
        standing = Standing(suspended, tuple(withdrawn), now_us + 60_000_000)
        self.venue.interventions.set_standing(account, standing)
        for order in self.venue.open_orders(account):
            kind = self.venue.market(order.symbol).kind
            assert standing.bars(needed_in(kind), now_us) is None

    # ---- what always holds

    @invariant()
    def nothing_created_or_lost(self) -> None:
        state = self.venue.state()
        assert state.totals == state.deposited

    @invariant()
    def nothing_overdrawn(self) -> None:
        for account in self.core.ledger.accounts.values():
            for purse in account.purses.values():
                assert purse.locked >= 0
                assert purse.available >= 0 or account.id == CLEARING

    @invariant()
    def locked_is_what_open_orders_need(self) -> None:
        for account in self.core.ledger.accounts.values():
            needs: dict[str, Decimal] = {}
            for order in account.orders.values():
                market = self.core.markets[order.terms.symbol]
                assert order.remaining > 0
                if market.is_derivative:
                    assert order.locked == 0
                    continue
                assert order.price is not None
                asset, need = market.quote, order.remaining * order.price
                if order.side is Side.ASK:
                    asset, need = market.base, order.remaining
                assert order.locked == need
                needs[asset] = needs.get(asset, ZERO) + need
            for asset, purse in account.purses.items():
                assert purse.locked == needs.get(asset, ZERO)

    @invariant()
    def books_are_sound(self) -> None:
        for book in self.core.books.values():
            bid, ask = book.bids.best(), book.asks.best()
            assert bid is None or ask is None or bid < ask
            for side in (book.bids, book.asks):
                assert side.prices == sorted(side.levels)
                assert not side.changed
                for level in side.levels.values():
                    assert level.quantity == sum(order.remaining for order in level.orders.values()) > 0

    @invariant()
    def positions_balance(self) -> None:
        for symbol, holders in self.core.holders.items():
            assert sum((position.quantity for position in holders.values()), ZERO) == 0
            assert all(position.quantity for position in holders.values())
            for account in self.core.ledger.accounts.values():
                self.check_position(account, symbol)

    def check_position(self, account: Account, symbol: Symbol) -> None:
        position = account.positions.get(symbol)
        if position is None:
            return
        orders = [order for order in account.orders.values() if order.terms.symbol == symbol]
        for side, total in ((Side.BID, position.open_bids), (Side.ASK, position.open_asks)):
            assert total == sum((order.remaining for order in orders if order.side is side), ZERO)
        reducing = [order for order in orders if order.terms.reduce_only]
        assert len(reducing) == position.reduce_only_orders
        assert sum((order.remaining for order in reducing), ZERO) <= abs(position.quantity)
        assert all(position.reduces(order.side) for order in reducing)

    @invariant()
    def clearing_fund_owes_exactly_the_open_positions(self) -> None:
        accounts = self.core.ledger.accounts.values()
        held = [position for account in accounts for position in account.positions.values() if position.quantity]
        owed = sum((position.cost + position.settled for position in held), ZERO)
        unsettled = sum((account.unsettled for account in accounts), ZERO)
        assert self.core.ledger.clearing.purse(USDC).available == CLEARING_SEED - owed + unsettled

    @invariant()
    def lending_fund_holds_what_is_lent_and_not_borrowed(self) -> None:
        fund = self.core.account(LENDING)
        for pool in self.venue._lending.pools.values():
            loans = [account.loan(pool.asset) for account in self.core.ledger.accounts.values()]
            assert pool.lent == sum((loan for loan in loans if loan > 0), ZERO)
            assert pool.borrowed == -sum((loan for loan in loans if loan < 0), ZERO)
            assert fund.purse(pool.asset).available == pool.lent - pool.borrowed

    @invariant()
    def profit_identities_hold(self) -> None:
        for account in self.core.ledger.accounts.values():
            if account.id in FUNDS:
                continue
            for view in self.venue.positions(account.id):
                gross = view.net_quantity * view.mark_price - view.net_cost
                position = account.positions[view.symbol]
                assert view.pnl_unrealized + position.settled == gross
                if not view.closed_volume:
                    assert view.pnl_realized + view.pnl_unrealized == gross


Exchange.TestCase.settings = settings(
    max_examples=40, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestExchange = Exchange.TestCase


def test_a_long_walk_of_many_clients_conserves_everything() -> None:
    """Thousands of actions on one venue: rarer than any short example, such as a liquidation amid triggers."""
    rng = Random(7)
    machine = Exchange()
    for step in range(4_000):
        name, symbol = rng.choice(["alice", "bob", "carol"]), rng.choice(sorted(STARTS))
        side, size = rng.choice(list(Side)), rng.randrange(1, 4000)
        match rng.randrange(12) if rng.random() < 0.99 else None:
            case None:
                machine.standing(name, rng.random() < 0.5, [rng.choice(list(Permission))])
            case 0 | 1 | 2:
                machine.quotes(symbol, side, rng.randrange(1, 8), size)
            case 3 | 4:
                machine.market(name, symbol, side, size, rng.random() < 0.2, rng.random() < 0.2)
            case 5:
                machine.entry_with_exits(name, symbol, side, size, rng.randrange(1, 20))
            case 6:
                machine.trigger(name, symbol, side, rng.randrange(-12, 12), "50%", TriggerBy.MARK, False)
            case 7:
                machine.time_passes(rng.choice([1, 5, 61, 3600]))
            case 8:
                machine.index_moves(rng.randrange(-6, 7), symbol)
            case 9:
                machine.cancel(name, rng.randrange(50))
            case 10:
                machine.borrow_or_lend(
                    name, rng.choice(["Borrow", "Lend"]), rng.randrange(1, 20_000), rng.random() < 0.3
                )
            case _:
                reduce_only = rng.random() < 0.4
                stp = rng.choice(list(SelfTradePrevention))
                tif = rng.choice(list(TimeInForce))
                machine.limit(name, symbol, side, rng.randrange(-12, 12), size, tif, reduce_only, False, stp, True)
        if step % 50 == 0:
            check_all(machine)


def check_all(machine: Exchange) -> None:
    machine.nothing_created_or_lost()
    machine.nothing_overdrawn()
    machine.locked_is_what_open_orders_need()
    machine.books_are_sound()
    machine.positions_balance()
    machine.clearing_fund_owes_exactly_the_open_positions()
    machine.lending_fund_holds_what_is_lent_and_not_borrowed()
    machine.profit_identities_hold()
