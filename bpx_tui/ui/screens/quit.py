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
from bpx_tui.service.intents import CancelAll, Mode
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import fit_quantity, market_name
from bpx_tui.ui.tables.orders import short_name, state_text

if TYPE_CHECKING:
    from bpx_tui.ui.app import TradingApp

_LISTED = 8
_WAIT_SECONDS = 10.0


def live_orders(desk: Desk) -> list[TrackedOrder]:
    return [order for order in (desk.account.orders if desk.account else None) or () if order.is_live]


def open_positions(desk: Desk) -> list[Position]:
    return [each for each in (desk.account.positions if desk.account else None) or () if not each.is_flat]


def something_is_left(desk: Desk) -> bool:
    return bool(live_orders(desk) or open_positions(desk))


class Way(Static):
    """One way on; a click takes it."""

    DEFAULT_CSS = "Way { width: auto; margin: 0 2 0 0; }"

    def __init__(self, key: str, text: str, action: str) -> None:
        super().__init__(Text.assemble((f" {key} ", "bold reverse"), f" {text}"), markup=False)
        self._action = action

    async def on_click(self) -> None:
        await self.screen.run_action(self._action)


class QuitScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,s,enter", "stay", "Stay"),
        ("l", "leave", "Leave everything and quit"),
        ("c", "cancel_all", "Cancel all orders, then quit"),
    ]

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
                Way("c", "cancel orders, then quit", "cancel_all"),
                Way("l", "leave all, quit", "leave"),
                id="ways",
            ),
            classes="dialog",
        )
        body.border_title = "Quit?"
        yield body

    def on_mount(self) -> None:
        self._paint()
        self.set_interval(0.2, self._paint)

    def _paint(self) -> None:
        orders, desk = live_orders(self._desk), self._desk
        if self._cancelling_since is not None:
            if not orders:
                self.app.exit()
                return
            waited = desk.clock.monotonic() - self._cancelling_since
            self._note = f"cancelling … {len(orders)} left, {waited:.0f} s"
            if waited > _WAIT_SECONDS:
                self._cancelling_since = None
                self._note = f"{len(orders)} could not be cancelled: look at them, or leave them"
        self.query_one("#left", Static).update(left_text(desk, self._note))

    def action_stay(self) -> None:
        self.dismiss(None)

    def action_leave(self) -> None:
        self.app.exit()

    def action_cancel_all(self) -> None:
        """Cancel in every market and leave once nothing rests any more. Positions stay."""
        if self._cancelling_since is not None or self._desk.mode is Mode.READ:
            return
        if self._program.submit(lambda base: CancelAll(*base, symbol=None)):
            self._cancelling_since = self._desk.clock.monotonic()
            self._paint()


def left_text(desk: Desk, note: str) -> Text:
    """What stays on the exchange when the program ends: it has no switch that cancels by itself."""
    orders, positions = live_orders(desk), open_positions(desk)
    unknown = [order for order in orders if order.state is LocalState.UNKNOWN]
    text = Text("What is on the exchange stays there; nothing is cancelled by leaving.\n\n")
    text.append(f"{len(orders)} open order{'s' * (len(orders) != 1)}\n", "bold")
    for order in orders[:_LISTED]:
        text.append(f"  {short_name(order, desk)}  {state_text(order)}\n")
    _more(text, len(orders))
    text.append(f"{len(positions)} position{'s' * (len(positions) != 1)}\n", "bold")
    for position in positions[:_LISTED]:
        market = desk.market_of(position.symbol)
        size = fit_quantity(abs(position.net_quantity), market.quantity_decimals if market else 4, 14)
        side = "long" if position.is_long else "short"
        text.append(f"  {side} {size} {market_name(position.symbol)}\n")
    _more(text, len(positions))
    if unknown:
        text.append(f"{len(unknown)} of unknown outcome: they may rest or fill after leaving\n", "bold")
    if note:
        text.append(f"\n{note}\n", "bold")
    return text


def _more(text: Text, count: int) -> None:
    if count > _LISTED:
        text.append(f"  and {count - _LISTED} more\n")
