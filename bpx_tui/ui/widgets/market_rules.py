"""What the market allows and costs: ticks, limits, margin, fees, funding."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bpx_tui.model.account import AccountSettings
from bpx_tui.model.market import Market
from bpx_tui.model.views import FeedState
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import compact, market_name, percent
from bpx_tui.ui.lines import Run
from bpx_tui.ui.palette import Role
from bpx_tui.ui.widgets.condition import Feed
from bpx_tui.ui.widgets.desk_panel import DeskPanel, text_row
from bpx_tui.ui.widgets.line_panel import Row
from bpx_tui.ui.widgets.panel_frame import TitlePart

_LABEL = 13


class MarketRules(DeskPanel):
    subject = "Rules"
    awaited = "the rules"
    frames_per_second = 2

    def __init__(self, desk: Desk, *, id: str = "facts") -> None:
        super().__init__(desk, number=6, id=id)

    def look(self) -> Feed | None:
        return None if self.desk.market is None else Feed(FeedState.LIVE, None, "", True)

    def title_parts(self) -> tuple[TitlePart, ...]:
        return (TitlePart(f"{market_name(self.desk.symbol)} "),)

    def rows(self, width: int, height: int) -> Sequence[Row]:
        market = self.desk.market
        assert market is not None
        account = self.desk.account
        pairs = _rules(market, account.settings if account else None)
        return [
            text_row((Run(f" {label:<{_LABEL}}", Role.MUTED), Run(text.rjust(max(0, width - _LABEL - 2)))))
            for label, text in pairs[:height]
        ]


def _rules(market: Market, settings: AccountSettings | None) -> list[tuple[str, str]]:
    base = market.base
    pairs = [
        ("state", str(market.trading_state)),
        ("tick", _plain(market.tick_size)),
        ("step", f"{_plain(market.step_size)} {base}"),
        ("smallest", f"{_plain(market.min_quantity)} {base}"),
        ("largest", "—" if market.max_quantity is None else f"{compact(market.max_quantity)} {base}"),
    ]
    if settings is not None:
        maker = settings.futures_maker_fee_bps if market.is_perp else settings.spot_maker_fee_bps
        taker = settings.futures_taker_fee_bps if market.is_perp else settings.spot_taker_fee_bps
        pairs += [("maker fee", _bps(maker)), ("taker fee", _bps(taker))]
    if market.is_perp:
        if settings is not None:
            pairs.append(("leverage", f"{_plain(settings.leverage_limit)}x"))
        if market.imf_function is not None:
            pairs.append(("first margin", percent(market.imf_function.base, 2, sign=False)))
        if market.mmf_function is not None:
            pairs.append(("kept margin", percent(market.mmf_function.base, 2, sign=False)))
        if market.open_interest_limit is not None:
            pairs.append(("OI limit", f"{compact(market.open_interest_limit)} {base}"))
    return pairs


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _bps(value: Decimal) -> str:
    return f"{percent(value / 10_000, 3, sign=False)}" if value >= 0 else f"{percent(value / 10_000, 3)} rebate"
