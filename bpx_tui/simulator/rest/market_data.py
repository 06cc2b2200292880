"""Markets, tickers, depth, klines, trades, marks, open interest, funding rates: public, nothing signed."""

from __future__ import annotations

from bpx_tui.model.enums import KlineInterval, MarketKind
from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.history.buckets import bucket_end
from bpx_tui.simulator.history.candles import Candle
from bpx_tui.simulator.history.memory import DAY_S, DayStatistics, PriceKind, TapeRow
from bpx_tui.simulator.history.units import Units, plain, shortest
from bpx_tui.simulator.rest.answers import ParseRefusal, Reply, empty_reply, json_reply, paged_reply
from bpx_tui.simulator.rest.fields import INT64, UINT16, UINT64
from bpx_tui.simulator.rest.rendering import market_json, text
from bpx_tui.simulator.rest.routing import Call, Route, public
from bpx_tui.simulator.rest.times import millis, naive_iso, spaced

_DEPTH_LIMITS = ("5", "10", "20", "50", "100", "500", "1000")
_SPANS = {"1d": DAY_S, "1w": 7 * DAY_S}
_CACHED_5_MIN = {"Cache-Control": "public, max-age=300, stale-while-revalidate=600"}
_DEFAULT_KINDS = (MarketKind.SPOT, MarketKind.PERP)
_ODD_NAMES = ("🦊", "👩‍👩‍👧", "狐狸", "e\u0301tude", "سول", "ＳＯＬ")
_MAX_TRADES, _MAX_FUNDING = 1_000, 10_000


def markets(call: Call) -> Reply:
    kinds = call.query.words("marketType", MarketKind, "MarketType") or _DEFAULT_KINDS
    venue = call.exchange.venue
    rows = [market_json(m, venue.book_state(m.symbol)) for m in venue.markets() if m.kind in kinds and m.visible]
    if rows and call.exchange.faults.hit("names", call.exchange.now_us):
        rows += [{**rows[0], "symbol": f"{name}_USDC", "baseSymbol": name} for name in _ODD_NAMES]
    return json_reply(rows, headers=_CACHED_5_MIN)


def market(call: Call) -> Reply:
    symbol = call.query.need_symbol()
    venue = call.exchange.venue
    return json_reply(market_json(venue.market(symbol), venue.book_state(symbol)))


def ticker(call: Call) -> Reply:
    symbol = call.query.need_symbol()
    rendered = _ticker(call.exchange, symbol, _span(call))
    return empty_reply(204) if rendered is None else json_reply(rendered)


def tickers(call: Call) -> Reply:
    span_s = _span(call)
    listed = [m.symbol for m in call.exchange.venue.markets() if m.visible and m.has_book]
    rows = (_ticker(call.exchange, symbol, span_s) for symbol in listed)
    return json_reply([row for row in rows if row is not None])


def _span(call: Call) -> int:
    return _SPANS[call.query.one_of("interval", _SPANS, "TickerInterval") or "1d"]


def _ticker(exchange: Exchange, symbol: Symbol, span_s: int) -> dict[str, object] | None:
    day = exchange.memories[symbol].statistics(exchange.now_us // 1_000_000, span_s)
    return None if day is None else _day_json(symbol, day)


def _day_json(symbol: Symbol, day: DayStatistics) -> dict[str, object]:
    change = day.last - day.first
    return {
        "symbol": symbol,
        "firstPrice": plain(day.first),
        "lastPrice": plain(day.last),
        "priceChange": plain(change),
        "priceChangePercent": format(round(change / day.first, 6), "f"),
        "high": plain(day.high),
        "low": plain(day.low),
        "volume": shortest(day.volume),
        "quoteVolume": shortest(day.quote_volume),
        "trades": str(day.trades),
    }


def depth(call: Call) -> Reply:
    """The book with bids ascending and prices without trailing zeros, as the exchange writes them."""
    symbol = call.query.need_symbol()
    limit = int(call.query.one_of("limit", _DEPTH_LIMITS, "DepthLimit") or "1000")
    exchange = call.exchange
    view = exchange.lagging.depth(symbol, limit)
    step = exchange.memories[symbol].units.step
    hidden = exchange.faults.hit("empty_side", exchange.now_us, stream=f"depth.{symbol}")
    side = hidden.word("side", "bids") if hidden else ""
    return json_reply(
        {
            "asks": [] if side == "asks" else [[shortest(p), format(q.quantize(step), "f")] for p, q in view.asks],
            "bids": []
            if side == "bids"
            else [[shortest(p), format(q.quantize(step), "f")] for p, q in reversed(view.bids)],
            "lastUpdateId": str(view.last_update_id),
            "timestamp": view.time_us,
        }
    )


def klines(call: Call) -> Reply:
    query = call.query
    symbol = query.need_symbol()
    interval = query.need_word("interval", KlineInterval, "KlineInterval")
    start_s = query.need_integer("startTime", INT64)
    now_s = call.exchange.now_us // 1_000_000
    end_s = query.integer("endTime", INT64)
    kind = _price_kind(query.text("priceType", "KlinePriceType"))
    memory = call.exchange.memories[symbol]
    until_s = now_s + 1 if end_s is None else min(end_s, now_s + 1)
    rows = memory.candles(kind).rows(interval, max(start_s, 0), until_s, now_s)
    return json_reply([_kline(row, interval, memory.units, kind) for row in rows])


def _price_kind(word: str | None) -> PriceKind:
    """The specification's enum is capitalised, its default is written in lower case: both are taken."""
    try:
        return PriceKind((word or "Last").capitalize())
    except ValueError:
        raise ParseRefusal(
            'failed to parse parameter `priceType`: failed to parse "KlinePriceType": Expect a valid enumeration value.'
        ) from None


def _kline(row: Candle, interval: KlineInterval, units: Units, kind: PriceKind) -> dict[str, str | None]:
    known = row.trades > 0 if kind is PriceKind.LAST else row.filled
    return {
        "start": spaced(row.start_s),
        "end": spaced(bucket_end(interval, row.start_s)),
        "open": shortest(units.price(row.open)) if known else None,
        "high": shortest(units.price(row.high)) if known else None,
        "low": shortest(units.price(row.low)) if known else None,
        "close": shortest(units.price(row.close)) if known else None,
        "volume": shortest(units.quantity(row.volume)),
        "quoteVolume": shortest(units.quote(row.quote_volume)),
        "trades": str(row.trades),
    }


def trades(call: Call) -> Reply:
    limit = call.query.integer("limit", UINT16)
    return _trades(call, 100 if limit is None else limit, 0)


def historical_trades(call: Call) -> Reply:
    limit, offset = call.query.integer("limit", UINT64), call.query.integer("offset", UINT64)
    return _trades(call, 100 if limit is None else limit, offset or 0)


def _trades(call: Call, limit: int, offset: int) -> Reply:
    symbol = call.query.need_symbol()
    rows = call.exchange.memories[symbol].trades(min(limit, _MAX_TRADES), offset)
    return json_reply([_trade(row) for row in rows])


def _trade(row: TapeRow) -> dict[str, object]:
    return {
        "id": row.trade_id,
        "price": plain(row.price),
        "quantity": plain(row.quantity),
        "quoteQuantity": shortest(row.price * row.quantity),
        "timestamp": row.time_ms,
        "isBuyerMaker": row.buyer_is_maker,
    }


def mark_prices(call: Call) -> Reply:
    symbol = call.query.symbol()
    kind = call.query.word("marketType", MarketKind, "MarketType") or MarketKind.PERP
    venue = call.exchange.venue
    listed = [m for m in venue.markets() if (m.symbol == symbol if symbol else m.kind is kind) and m.is_derivative]
    rows = []
    for market_ in listed:
        mark = venue.mark(market_.symbol)
        rows.append(
            {
                "symbol": market_.symbol,
                "markPrice": plain(mark.mark),
                "indexPrice": text(mark.index),
                "fundingRate": text(mark.funding_rate),
                "nextFundingTimestamp": None if mark.next_funding_us is None else millis(mark.next_funding_us),
            }
        )
    return json_reply(rows)


def open_interest(call: Call) -> Reply:
    symbol = call.query.symbol()
    exchange = call.exchange
    listed = [m.symbol for m in exchange.venue.markets() if m.is_derivative and symbol in (None, m.symbol)]
    now_ms = millis(exchange.now_us)
    return json_reply(
        [{"symbol": s, "openInterest": plain(exchange.venue.open_interest(s)), "timestamp": now_ms} for s in listed]
    )


def funding_rates(call: Call) -> Reply:
    symbol = call.query.need_symbol()
    limit, offset = call.query.integer("limit", UINT64), call.query.integer("offset", UINT64) or 0
    limit = min(100 if limit is None else limit, _MAX_FUNDING)
    rows = call.exchange.funding.newest_first(symbol)
    page = [
        {"symbol": symbol, "fundingRate": plain(row.rate), "intervalEndTimestamp": naive_iso(row.end_us)}
        for row in rows[offset : offset + limit]
    ]
    return paged_reply(page, total=len(rows), limit=limit, offset=offset)


ROUTES: tuple[Route, ...] = (
    public("get_markets", "/api/v1/markets", markets),
    public("get_market", "/api/v1/market", market),
    public("get_ticker", "/api/v1/ticker", ticker),
    public("get_tickers", "/api/v1/tickers", tickers),
    public("get_depth", "/api/v1/depth", depth),
    public("get_klines", "/api/v1/klines", klines),
    public("get_recent_trades", "/api/v1/trades", trades),
    public("get_historical_trades", "/api/v1/trades/history", historical_trades),
    public("get_mark_prices", "/api/v1/markPrices", mark_prices),
    public("get_open_interest", "/api/v1/openInterest", open_interest),
    public("get_funding_interval_rates", "/api/v1/fundingRates", funding_rates),
)
