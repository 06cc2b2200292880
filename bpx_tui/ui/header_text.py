"""The two header lines as text: the account and its health, then the market. Unknown parts read `—`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bpx_tui.model.account import Collateral
from bpx_tui.model.enums import Side
from bpx_tui.model.market import Market
from bpx_tui.model.views import AccountAccess, FeedHealth, FeedState, FeedWord, MarketFacts
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import age_text, clock_text, compact, duration, fixed, market_name, percent, signed
from bpx_tui.ui.lines import Chunk, Line, Run, meter, two_sided
from bpx_tui.ui.mode_block import mode_block
from bpx_tui.ui.palette import Role
from bpx_tui.ui.tables.positions import total_pnl

UNKNOWN = "—"
BOOK_BUDGET_SECONDS = 3.0
ACCOUNT_BUDGET_SECONDS = 20.0

_WORD_INK = {
    FeedWord.STREAMING: Role.UP,
    FeedWord.CONNECTING: Role.MUTED,
    FeedWord.POLLING: Role.WARNING,
    FeedWord.STALE: Role.WARNING,
    FeedWord.OFFLINE: Role.ERROR,
}


def account_line(desk: Desk, width: int) -> Line:
    """Mode, money, margin; on the right the feed, the ages and the time."""
    mode = mode_block(desk.mode)
    brand = Chunk((Run(" bpx "), *mode), (Run(" "), *mode), 0)
    return two_sided([brand, *_money(desk)], _health(desk), width)


def market_line(desk: Desk, width: int) -> Line:
    """The market's name, last price and facts, most important first."""
    facts, market = desk.facts, desk.market
    name = (Run(f" {market_name(desk.symbol)}", Role.TEXT, bold=True),)
    parts = [Chunk(name, name, 0), Chunk(_last(facts, market), _last(facts, market), 1), *_marks(facts, market)]
    parts += [_range(facts, market), *_volumes(facts, market), _funding(facts, market, desk.now_us), *_rules(market)]
    return two_sided([part for part in parts if part.long], [], width, "   " if width >= 160 else "  ")


def _label(label: str, value: str, ink: Role = Role.TEXT) -> Line:
    return Run(f"{label} ", Role.MUTED), Run(value, ink)


def _both(long: str, short: str, value: str, rank: int, ink: Role = Role.TEXT) -> Chunk:
    return Chunk(_label(long, value, ink), _label(short, value, ink), rank)


def _money(desk: Desk) -> Sequence[Chunk]:
    account = desk.account
    if account is None:
        return [_both("account", "acct", "waiting", 3, Role.MUTED)]
    if account.access is AccountAccess.NO_KEY:
        text = (Run("no key: public data only", Role.MUTED),)
        return [Chunk(text, (Run("no key", Role.MUTED),), 3)]
    collateral = account.collateral
    if collateral is None:
        return [_both("eq", "eq", UNKNOWN, 1), _both("avail", "av", UNKNOWN, 4)]
    upnl = collateral.pnl_unrealized if account.positions is None else total_pnl(account.positions, desk)
    ink = Role.UP if upnl > 0 else Role.DOWN if upnl < 0 else Role.TEXT
    return [
        _both("eq", "eq", f"${fixed(collateral.net_equity, 2)}", 1),
        _both("avail", "av", f"${fixed(collateral.net_equity_available, 2)}", 4),
        _both("uPnL", "uPnL", _dollars(upnl), 5, ink),
        _margin(collateral),
    ]


def _dollars(value: Decimal) -> str:
    text = signed(value, 2)
    return f"{text[0]}${text[1:]}" if text[0] in "+-" else f"${text}"


def _margin(collateral: Collateral) -> Chunk:
    """Part of the equity that positions and orders hold as initial margin."""
    if collateral.net_equity <= 0:
        return _both("margin", "mgn", UNKNOWN, 2)
    used = 1 - collateral.net_equity_available / collateral.net_equity
    used = min(max(used, Decimal(0)), Decimal(1))
    ink = Role.ERROR if used >= Decimal("0.9") else Role.WARNING if used >= Decimal("0.7") else Role.TEXT
    value = f"{percent(used, 0, sign=False)} "
    return Chunk(
        (*_label("margin", value, ink), Run(meter(float(used), 8), ink)),
        (*_label("mgn", value.rstrip(), ink),),
        2,
    )


def _health(desk: Desk) -> Sequence[Chunk]:
    health = desk.health
    clock = clock_text(desk.now_us)
    return [
        *_alarm(desk),
        _feed(desk, health),
        _age("book", "bk", desk.age(desk.book.true_at_us if desk.book else None), BOOK_BUDGET_SECONDS, 1),
        *_account_age(desk),
        _offset(health),
        Chunk((Run(f"{clock} UTC ", Role.MUTED),), (Run(f"{clock}Z ", Role.MUTED),), 3),
    ]


def _alarm(desk: Desk) -> Sequence[Chunk]:
    """Trouble of the exchange itself; never left out."""
    gate = desk.gate
    if gate is None or not gate.alarm:
        return ()
    text = (Run(f"! {gate.alarm}", Role.WARNING, bold=True),)
    return [Chunk(text, text, 0)]


def _feed(desk: Desk, health: FeedHealth | None) -> Chunk:
    if health is None:
        return Chunk((Run("○ connecting", Role.MUTED),), (Run("○ connecting", Role.MUTED),), 0)
    ink = _WORD_INK[health.word]
    if health.retry_at is not None and health.word is not FeedWord.STREAMING:
        seconds = max(0, round(health.retry_at - desk.clock.monotonic()))
        text = f"○ {health.word} retry in {seconds}s"
        return Chunk((Run(text, ink),), (Run(f"○ {health.word} retry {seconds}s", ink),), 0)
    rtt = UNKNOWN if health.socket_rtt_ms is None else f"{health.socket_rtt_ms:.0f}ms"
    short = "ws" if health.word is FeedWord.STREAMING else health.word
    glyph = "●" if health.word is FeedWord.STREAMING else "○"
    return Chunk((Run(f"{glyph} {health.word} ", ink), Run(rtt)), (Run(f"{glyph} {short} ", ink), Run(rtt)), 0)


def _age(long: str, short: str, age: float | None, budget: float, rank: int) -> Chunk:
    text = UNKNOWN if age is None else age_text(age)
    ink = Role.MUTED if age is None else Role.WARNING if age > budget else Role.TEXT
    return _both(long, short, text, rank, ink)


def _account_age(desk: Desk) -> Sequence[Chunk]:
    account = desk.account
    if account is None or account.access is AccountAccess.NO_KEY:
        return ()
    age = desk.age(account.true_at_us)
    chunk = _age("acct", "acct", age, ACCOUNT_BUDGET_SECONDS, 4)
    if account.state in {FeedState.STALE, FeedState.UNAVAILABLE, FeedState.RESYNCING}:
        text = f"{UNKNOWN if age is None else age_text(age)} {account.state}"
        return [_both("acct", "acct", text, 4, Role.WARNING)]
    return [chunk]


def _offset(health: FeedHealth | None) -> Chunk:
    """Exchange clock minus local clock; beyond a second it is shown in warning colour."""
    if health is None or health.clock_offset_ms is None:
        return _both("clk", "clk", UNKNOWN, 6, Role.MUTED)
    offset = health.clock_offset_ms
    text = f"{offset:+.0f}ms" if abs(offset) < 10_000 else f"{offset / 1000:+,.0f}s"
    return _both("clk", "clk", text, 6, Role.WARNING if abs(offset) > 1_000 else Role.TEXT)


def _last(facts: MarketFacts | None, market: Market | None) -> Line:
    trade = facts.last_trade if facts else None
    ticker = facts.ticker if facts else None
    price = trade.price if trade else ticker.last if ticker else None
    if price is None:
        return (Run(UNKNOWN, Role.MUTED),)
    up = trade.aggressor is Side.BID if trade else None
    ink = Role.TEXT if up is None else Role.UP if up else Role.DOWN
    text = fixed(price, market.price_decimals if market else _decimals(price))
    glyph = "" if up is None else " ▲" if up else " ▼"
    change = ticker.change_fraction if ticker else None
    day = Run(f" {UNKNOWN}", Role.MUTED)
    if change is not None:
        day = Run(f" {percent(change)}", Role.UP if change > 0 else Role.DOWN if change < 0 else Role.TEXT)
    return Run(f"{text}{glyph}", ink, bold=True), day


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _price(value: Decimal | None, market: Market | None) -> str:
    if value is None:
        return UNKNOWN
    return fixed(value, market.price_decimals if market else _decimals(value))


def _marks(facts: MarketFacts | None, market: Market | None) -> Sequence[Chunk]:
    """Mark and index; spot markets have neither, and show neither."""
    mark = facts.mark if facts else None
    if mark is None and market is not None and not market.is_perp:
        return ()
    return (
        _both("mark", "mk", _price(mark.mark if mark else None, market), 2),
        _both("idx", "ix", _price(mark.index if mark else None, market), 6),
    )


def _range(facts: MarketFacts | None, market: Market | None) -> Chunk:
    ticker = facts.ticker if facts else None
    text = UNKNOWN if ticker is None else f"{_price(ticker.low, market)}–{_price(ticker.high, market)}"
    return _both("24h", "24h", text, 7)


def _volumes(facts: MarketFacts | None, market: Market | None) -> Sequence[Chunk]:
    ticker = facts.ticker if facts else None
    volume = UNKNOWN if ticker is None else compact(ticker.quote_volume, "$")
    chunks = [_both("vol", "vol", volume, 5)]
    if market is not None and market.is_perp and facts is not None:
        quantity = facts.open_interest.quantity if facts.open_interest else None
        mark = facts.mark.mark if facts.mark else None
        known = quantity is not None and mark is not None
        chunks.append(_both("OI", "OI", compact(quantity * mark, "$") if quantity and known and mark else UNKNOWN, 5))
    return chunks


def _funding(facts: MarketFacts | None, market: Market | None, now_us: int) -> Chunk:
    if market is None or not market.is_perp:
        return Chunk((), ())
    mark = facts.mark if facts else None
    if mark is None or mark.funding_rate is None:
        return _both("funding", "fund", UNKNOWN, 3)
    hours = f"/{market.funding_interval_ms // 3_600_000}h" if market.funding_interval_ms else ""
    ink = Role.DOWN if mark.funding_rate > 0 else Role.UP if mark.funding_rate < 0 else Role.TEXT
    rate = f"{percent(mark.funding_rate, 4)}{hours}"
    left = None if mark.next_funding_ms is None else (mark.next_funding_ms - now_us / 1000) / 1000
    when = UNKNOWN if left is None else duration(left)
    return Chunk(
        (*_label("funding", rate, ink), Run(f" in {when}", Role.MUTED)),
        (*_label("fund", rate, ink), Run(f" {when}", Role.MUTED)),
        3,
    )


def _rules(market: Market | None) -> Sequence[Chunk]:
    if market is None:
        return (_both("tick", "tick", UNKNOWN, 8),)
    chunks = [
        _both("tick", "tick", f"{market.tick_size.normalize():f}", 8),
        _both("min", "min", f"{market.min_quantity.normalize():f}", 9),
    ]
    if market.trading_state != "Open":
        chunks.insert(0, _both("state", "", str(market.trading_state), 2, Role.WARNING))
    return chunks
