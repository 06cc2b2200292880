"""Leaving: what stays on the exchange, and the three ways on. Staying is the default."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from bpx_tui.model.account import Position
from bpx_tui.model.orders import LocalState, TrackedOrder
from bpx_tui.model.strategies import Strategy
from bpx_tui.service.intents import CancelAll, Mode, ReadStrategies
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import duration, fit_quantity, market_name
from bpx_tui.ui.tables.orders import short_name, side_word, state_text

if TYPE_CHECKING:
    from bpx_tui.ui.app import TradingApp

_LISTED = 8
_WIDTH, _ROW_OF_WAYS = 76, 80
"""Cells of the dialog where there is room, and of the screen from which on the ways stand side by side."""
_WAIT_SECONDS = 10.0
_CANCEL = "cancel orders, then quit"
_CANCEL_AND_STOP = "cancel orders, stop strategies, quit"


def live_orders(desk: Desk) -> list[TrackedOrder]:
    return [order for order in (desk.account.orders if desk.account else None) or () if order.is_live]


def running_strategies(desk: Desk) -> tuple[Strategy, ...]:
    return (desk.account.strategies if desk.account else None) or ()


def account_is_unknown(desk: Desk) -> bool:
    """Whether real orders and positions may be there that were never read."""
    return desk.mode is Mode.LIVE and (desk.account is None or desk.account.orders is None)


def why_strategies_are_unknown(desk: Desk) -> str:
    """Empty when they are known; also while nothing of the account is, which is said of the whole."""
    account = desk.account
    return "" if account is None or account.orders is None else account.strategies_unknown


def open_positions(desk: Desk) -> list[Position]:
    return [each for each in (desk.account.positions if desk.account else None) or () if not each.is_flat]


def something_is_left(desk: Desk) -> bool:
    """Whether anything stays on the exchange, or may: what is unknown counts."""
    return bool(
        account_is_unknown(desk)
        or live_orders(desk)
        or running_strategies(desk)
        or why_strategies_are_unknown(desk)
        or open_positions(desk)
    )


class Way(Static):
    """One way on; a click takes it."""

    DEFAULT_CSS = "Way { width: auto; max-width: 100%; height: 1; margin: 0 2 0 0; }"

    def __init__(self, key: str, text: str, action: str) -> None:
        super().__init__(markup=False, id=action)
        self._key = key
        self._action = action
        self.say(text)

    def say(self, text: str) -> None:
        self.update(Text.assemble((f" {self._key} ", "bold reverse"), f" {text}"))

    async def on_click(self) -> None:
        await self.screen.run_action(self._action)


class QuitScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,s,enter", "stay", "Stay"),
        ("l", "leave", "Leave everything and quit"),
        ("c", "cancel_all", "Cancel all orders, stop all strategies, then quit"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_ROW_OF_WAYS, "-wide")]  # noqa: RUF012  Textual declares it so

    def __init__(self, desk: Desk, app: TradingApp) -> None:
        super().__init__()
        self._desk = desk
        self._program = app
        self._cancelling_since: float | None = None
        self._note = ""

    def compose(self) -> ComposeResult:
        from textual.containers import Horizontal

        body = Vertical(
            Static("", markup=False, id="left"),
            Horizontal(
                Way("s", "stay", "stay"),
                Way("c", _CANCEL, "cancel_all"),
                Way("l", "leave all, quit", "leave"),
                id="ways",
            ),
            classes="dialog",
        )
        body.border_title = "Quit?"
        yield body

    def on_mount(self) -> None:
        self._program.submit(lambda base: ReadStrategies(*base))
        self._paint()
        self.set_interval(0.2, self._paint)

    def _paint(self) -> None:
        desk = self._desk
        orders, strategies = live_orders(desk), running_strategies(desk)
        unknown = account_is_unknown(desk) or bool(why_strategies_are_unknown(desk))
        if self._cancelling_since is not None:
            if not (orders or strategies or unknown):
                self.app.exit()
                return
            waited = desk.clock.monotonic() - self._cancelling_since
            left = len(orders) + len(strategies)
            self._note = f"cancelling … {f'{left} left' if left else 'what is left is unknown'}, {waited:.0f} s"
            if waited > _WAIT_SECONDS:
                self._cancelling_since = None
                self._note = (
                    f"{left} could not be cancelled: look at them, or leave them"
                    if left
                    else "cancelled what is known; what else runs cannot be read"
                )
        self.query_one("#cancel_all", Way).say(_CANCEL_AND_STOP if strategies or unknown else _CANCEL)
        self.query_one("#left", Static).update(self._left_text())

    def _left_text(self) -> Text:
        """As much of it as leaves the ways on in sight: fewer rows, then no explanation."""
        width, height = self.size
        room = height - 2 - (2 if width >= _ROW_OF_WAYS else 4)
        across = min(_WIDTH, width) - 4
        for listed in range(_LISTED, -1, -1):
            text = left_text(self._desk, self._note, listed)
            if len(text.wrap(self.app.console, max(1, across))) <= room:
                return text
        return left_text(self._desk, self._note, 0, explained=False)

    def action_stay(self) -> None:
        self.dismiss(None)

    def action_leave(self) -> None:
        self.app.exit()

    def action_cancel_all(self) -> None:
        """Cancel and stop in every market, and leave once nothing rests or runs any more. Positions stay."""
        if self._cancelling_since is not None or self._desk.mode is Mode.READ:
            return
        if self._program.submit(lambda base: CancelAll(*base, symbol=None)):
            self._cancelling_since = self._desk.clock.monotonic()
            self._paint()


def left_text(desk: Desk, note: str, listed: int = _LISTED, *, explained: bool = True) -> Text:
    """What stays on the exchange when the program ends: it has no switch that cancels by itself.

    At most `listed` orders, strategies and positions are named; all of them are counted.
    """
    orders, positions = live_orders(desk), open_positions(desk)
    unknown = [order for order in orders if order.state is LocalState.UNKNOWN]
    text = Text("What is on the exchange stays there; nothing is cancelled by leaving.\n\n" if explained else "")
    if account_is_unknown(desk):
        text.append("Orders and positions are unknown: the account has not been read.\n", "bold")
        if note:
            text.append(f"\n{note}\n", "bold")
        return text
    text.append(f"{len(orders)} open order{'s' * (len(orders) != 1)}\n", "bold")
    for order in orders[:listed]:
        text.append(f"  {short_name(order, desk)}  {state_text(order)}\n")
    _more(text, len(orders), listed)
    _append_strategies(text, desk, listed)
    text.append(f"{len(positions)} position{'s' * (len(positions) != 1)}\n", "bold")
    for position in positions[:listed]:
        market = desk.market_of(position.symbol)
        size = fit_quantity(abs(position.net_quantity), market.quantity_decimals if market else 4, 14)
        side = "long" if position.is_long else "short"
        text.append(f"  {side} {size} {market_name(position.symbol)}\n")
    _more(text, len(positions), listed)
    if unknown:
        text.append(f"{len(unknown)} of unknown outcome: they may rest or fill after leaving\n", "bold")
    if note:
        text.append(f"\n{note}\n", "bold")
    return text


def _append_strategies(text: Text, desk: Desk, listed: int) -> None:
    """Strategies are few, and nothing is said where there are none; that they are unknown is said."""
    strategies, unknown = running_strategies(desk), why_strategies_are_unknown(desk)
    if strategies:
        count = f"{len(strategies)} running {'strategy' if len(strategies) == 1 else 'strategies'}"
        goes = "goes" if len(strategies) == 1 else "go"
        text.append(f"{count}, as last read\n" if unknown else f"{count}: {goes} on trading after leaving\n", "bold")
    for strategy in strategies[:listed]:
        text.append(f"  {_described(strategy, desk)}\n")
    _more(text, len(strategies), listed)
    if unknown:
        text.append(f"strategies unknown: {unknown.rstrip('.')}\n", "bold")


def _described(strategy: Strategy, desk: Desk) -> str:
    """`buy 3.00 SOL/USDC, 0.75 done, 42:11 to go`."""
    market = desk.market_of(strategy.symbol)
    decimals = market.quantity_decimals if market else 4
    size = "?" if strategy.quantity is None else fit_quantity(strategy.quantity, decimals, 14)
    done = fit_quantity(strategy.executed_quantity, decimals, 14)
    left_seconds = (strategy.created_ms + strategy.duration_ms) / 1_000 - desk.now_us / 1_000_000
    name = f"{side_word(strategy.side)} {size} {market_name(strategy.symbol)}"
    return f"{name}, {done} done, {duration(left_seconds)} to go"


def _more(text: Text, count: int, listed: int) -> None:
    if count > listed > 0:
        text.append(f"  and {count - listed} more\n")
