"""What the program says on the normal screen when the screen with real money is left."""

from __future__ import annotations

from typing import Any

import pytest

from bpx_tui.cli.screen import say_what_stays
from bpx_tui.model.ids import ClientId, Symbol
from bpx_tui.model.orders import LocalState, TrackedOrder
from bpx_tui.model.views import AccountAccess, AccountView, FeedState
from bpx_tui.service.intents import DeskBus
from bpx_tui.service.topics import ACCOUNT
from tests.fakes.values import strategy

SOL = Symbol("SOL_USDC")


def said(capsys: pytest.CaptureFixture[str], *orders: TrackedOrder, **parts: Any) -> str:
    bus = DeskBus()
    bus.latest.put(ACCOUNT, AccountView(AccountAccess.TRADING, FeedState.LIVE, orders=orders, **parts))
    say_what_stays(bus)
    return capsys.readouterr().out


def test_orders_that_rest_or_may_rest_are_named_and_others_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    unknown = TrackedOrder(LocalState.UNKNOWN, SOL, client_id=ClientId(7))
    refused = TrackedOrder(LocalState.REFUSED, SOL, client_id=ClientId(8))
    text = said(capsys, unknown, refused)
    assert text == f"Still at the exchange: SOL_USDC order with client id 7, {LocalState.UNKNOWN}.\n"


def test_strategies_that_go_on_trading_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, strategies=(strategy(),), strategies_unknown="503.")
    assert text == (
        "Still at the exchange: SOL_USDC strategy 6, Bid 0.75 of 3 executed; it goes on trading.\n"
        "Whether strategies run at the exchange is not known: 503.\n"
    )


def test_nothing_known_and_nothing_left_is_nothing_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys) == ""
    say_what_stays(DeskBus())
    assert capsys.readouterr().out == ""
