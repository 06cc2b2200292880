"""The watchlist's rows and the events' lines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bpx_tui.model.ids import Symbol
from bpx_tui.model.views import MarketRow
from bpx_tui.service.intents import Severity
from bpx_tui.ui.event_log import LogLine
from bpx_tui.ui.lines import width_of
from bpx_tui.ui.widgets.events_panel import event_lines
from bpx_tui.ui.widgets.watchlist import market_row_line
from tests.fakes.views import MARKETS, SOL_PERP, d, ticker
from tests.ui.desks import HandDesk

WIDTH = 32


@pytest.mark.parametrize(
    ("symbol", "name", "last", "price"),
    [
        ("SPCX.US_USDC", "SPCX.US/USDC", "212.36", "212.36"),
        ("FARTCOIN_USDC_PERP", "FARTCOIN-PERP", "0.2345", "0.23"),
        ("XBT_USDC_PERP", "XBT-PERP", "111987.4", "111,987.40"),
    ],
)
def test_names_and_prices_are_whole_in_the_watchlist(symbol: str, name: str, last: str, price: str) -> None:
    market = replace(MARKETS[SOL_PERP], symbol=Symbol(symbol))
    row = MarketRow(market, replace(ticker(SOL_PERP), symbol=Symbol(symbol), last=d(last)))
    line = market_row_line(row, HandDesk().desk, WIDTH, current=False)
    text = "".join(run.text for run in line)
    assert width_of(line) == WIDTH
    assert text.startswith(f" {name} ")
    assert f" {price} " in text


@pytest.mark.parametrize("width", [20, 32, 60])
def test_an_event_is_whole_over_as_many_lines_as_it_needs(width: int) -> None:
    said = "bought 0.78 SOL-PERP @ 178.54 (maker)"
    lines = event_lines(LogLine(Severity.GOOD, said, 0), width)
    text = ["".join(run.text for run in line) for line in lines]
    assert all(width_of(line) <= width for line in lines)
    assert text[0].startswith("✓ 00:00:00 ")
    assert " ".join(" ".join(text).split()) == f"✓ 00:00:00 {said}"
