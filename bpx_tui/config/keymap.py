"""The one table of everything a key can do.

Bindings, footer, help screen and command palette are all generated from `ACTIONS`, and a test holds them together. Ids
are stable: user files rebind by them. Lower-case letters belong to the focused panel, capitals and ctrl to the whole
desk; no key sends an order by itself (UX, "Default keymap").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum

from bpx_tui.errors import ConfigError


class Where(StrEnum):
    """Where a key is heard. A panel's keys hide the desk's keys of the same name while it has the focus."""

    DESK = "anywhere"
    CHART = "chart"
    LADDER = "order book"
    TAPE = "trades"
    WATCHLIST = "watchlist"
    TABLES = "positions, orders, fills, balances"
    TICKET = "order ticket"
    CONFIRM = "confirm card"
    STRIP = "cancel question"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the user can do.

    `call` is the action text that Textual runs (`cursor_move(1)`); empty means the id with its dots as underscores.
    `word` is the footer's word, empty to leave it out of the footer. `trades` marks what may lead to an order or a
    cancel: such keys are ignored when they are old or part of a burst (RELIABILITY P21). `in_palette` is False for what
    makes sense only as a key press, such as moving a cursor.
    """

    id: str
    keys: tuple[str, ...]
    help: str
    where: Where = Where.DESK
    call: str = ""
    word: str = ""
    trades: bool = False
    in_palette: bool = False
    priority: bool = False

    @property
    def textual_action(self) -> str:
        return self.call or self.id.replace(".", "_")


def _panel(number: int, name: str, what: str) -> Action:
    return Action(f"panel.{name}", (str(number),), f"Go to {what}", call=f"show_panel('{name}')", in_palette=True)


_DESK = (
    Action(
        "ticket.buy", ("b",), "Buy: open the ticket; again flips the side", word="buy", trades=True, in_palette=True
    ),
    Action(
        "ticket.sell", ("s",), "Sell: open the ticket; again flips the side", word="sell", trades=True, in_palette=True
    ),
    Action(
        "cancel.market",
        ("X",),
        "Cancel this market's orders, stop its strategies (asks)",
        word="cancel all",
        trades=True,
        in_palette=True,
    ),
    Action(
        "cancel.everything", ("ctrl+x",), "Cancel all orders, stop all strategies (asks)", trades=True, in_palette=True
    ),
    Action("market.switch", ("/",), "Find and switch market", word="market", in_palette=True, call="app.market_switch"),
    Action("market.previous", ("'",), "Back to the previous market", in_palette=True),
    Action("help.open", ("?", "f1"), "This list of keys", word="help", in_palette=True, call="app.help_open"),
    Action("palette.open", ("ctrl+p", ":"), "Find an action by name", word="palette", call="app.palette_open"),
    Action("panel.next", ("tab",), "Next panel", word="panel", call="app.focus_next"),
    Action("panel.back", ("shift+tab",), "Previous panel", call="app.focus_previous"),
    Action("panel.zoom", ("z",), "Give the focused panel the whole screen, and back", word="zoom", in_palette=True),
    Action("panel.swap", ("V",), "Small screens: trades in the chart's place, and back", in_palette=True),
    _panel(1, "watchlist", "the watchlist"),
    _panel(2, "chart", "the chart"),
    _panel(3, "ladder", "the order book"),
    _panel(4, "tape", "the trades"),
    _panel(5, "tables", "positions, orders, fills and balances"),
    _panel(6, "facts", "the market's rules"),
    _panel(7, "events", "the events"),
    _panel(8, "ticket", "the order ticket"),
    Action("tab.previous", ("{",), "Previous tab of the bottom panel", in_palette=True),
    Action("tab.next", ("}",), "Next tab of the bottom panel", in_palette=True),
    Action("log.open", ("`",), "All events of this session", in_palette=True, call="app.log_open"),
    Action("desk.resync", ("R",), "Read everything again from the exchange", in_palette=True, call="app.desk_resync"),
    Action("desk.redraw", ("ctrl+l",), "Draw the screen again", in_palette=True, call="app.desk_redraw"),
    Action("theme.next", ("T",), "Next theme", in_palette=True, call="app.theme_next"),
    Action("desk.back", ("escape",), "One step back; never quits"),
    Action(
        "desk.quit",
        ("ctrl+q",),
        "Quit; says what is left on the exchange and asks",
        word="quit",
        in_palette=True,
        call="app.desk_quit",
        priority=True,
    ),
    Action(
        "desk.interrupt",
        ("ctrl+c",),
        "Ask to quit; pressed again it quits at once",
        priority=True,
        call="app.desk_interrupt",
    ),
)

_CHART = (
    Action("chart.older", ("h", "left"), "Scroll to older candles", Where.CHART, call="older"),
    Action("chart.newer", ("l", "right"), "Scroll to newer candles", Where.CHART, call="newer"),
    Action("chart.page_older", ("H", "shift+left"), "One page older", Where.CHART, call="page_older"),
    Action("chart.page_newer", ("shift+right",), "One page newer", Where.CHART, call="page_newer"),
    Action("chart.live", ("0",), "Back to the newest candle", Where.CHART, call="live", word="live", in_palette=True),
    Action("chart.zoom_in", ("+",), "Wider candles", Where.CHART, call="zoom_in", word="zoom in", in_palette=True),
    Action("chart.zoom_out", ("-",), "Narrower candles", Where.CHART, call="zoom_out", word="out", in_palette=True),
    Action("chart.autoscale", ("=",), "Fit prices to what is visible", Where.CHART, call="autoscale", in_palette=True),
    Action(
        "chart.crosshair",
        ("v",),
        "Crosshair on and off",
        Where.CHART,
        call="crosshair",
        word="crosshair",
        in_palette=True,
    ),
    Action(
        "chart.prev_interval",
        ("[",),
        "Shorter timeframe",
        Where.CHART,
        call="prev_interval",
        word="shorter",
        in_palette=True,
    ),
    Action(
        "chart.next_interval",
        ("]",),
        "Longer timeframe",
        Where.CHART,
        call="next_interval",
        word="longer",
        in_palette=True,
    ),
)

_LADDER = (
    Action("ladder.down", ("j", "down"), "Price cursor down", Where.LADDER, call="cursor_move(1)"),
    Action("ladder.up", ("k", "up"), "Price cursor up", Where.LADDER, call="cursor_move(-1)", word="cursor"),
    Action("ladder.top", ("g",), "Highest price shown", Where.LADDER, call="top"),
    Action("ladder.bottom", ("G",), "Lowest price shown", Where.LADDER, call="bottom"),
    Action(
        "ladder.mid",
        ("m",),
        "Centre on the spread and drop the cursor",
        Where.LADDER,
        call="mid",
        word="mid",
        in_palette=True,
    ),
    Action(
        "ladder.freeze",
        ("space",),
        "Hold the picture still, and let go",
        Where.LADDER,
        call="freeze",
        word="freeze",
        in_palette=True,
    ),
    Action(
        "ladder.coarser", ("+",), "Coarser price groups", Where.LADDER, call="coarser", word="coarser", in_palette=True
    ),
    Action("ladder.finer", ("-",), "Finer price groups", Where.LADDER, call="finer", word="finer", in_palette=True),
    Action(
        "ladder.pick", ("enter",), "Ticket at the cursor's price", Where.LADDER, call="pick", trades=True, word="pick"
    ),
)

_TAPE = (
    Action(
        "tape.filter",
        ("f", "comma"),
        "Smallest trade shown",
        Where.TAPE,
        call="filter",
        word="min size",
        in_palette=True,
    ),
    Action("tape.down", ("j", "down"), "Older trades", Where.TAPE, call="down", word="older"),
    Action("tape.up", ("k", "up"), "Newer trades", Where.TAPE, call="up", word="newer"),
    Action("tape.top", ("g",), "Newest trades", Where.TAPE, call="top", word="newest"),
)

_LISTS = (
    Action("watchlist.down", ("j", "down"), "Next market", Where.WATCHLIST, call="cursor_move(1)"),
    Action("watchlist.up", ("k", "up"), "Previous market", Where.WATCHLIST, call="cursor_move(-1)", word="cursor"),
    Action("watchlist.pick", ("enter",), "Show this market", Where.WATCHLIST, call="pick", word="show"),
    Action("tables.down", ("j", "down"), "Next row", Where.TABLES, call="cursor_move(1)"),
    Action("tables.up", ("k", "up"), "Previous row", Where.TABLES, call="cursor_move(-1)", word="cursor"),
    Action("tables.page_down", ("pagedown",), "One page down", Where.TABLES, call="cursor_move(10)"),
    Action("tables.page_up", ("pageup",), "One page up", Where.TABLES, call="cursor_move(-10)"),
    Action("tables.top", ("g", "home"), "First row", Where.TABLES, call="cursor_to(0)"),
    Action("tables.bottom", ("G", "end"), "Last row", Where.TABLES, call="cursor_to(-1)"),
    Action(
        "order.cancel",
        ("x",),
        "Orders: cancel this one (asks)",
        Where.TABLES,
        call="cancel",
        word="cancel",
        trades=True,
        in_palette=True,
    ),
    Action(
        "position.close",
        ("c",),
        "Positions: card for a reduce-only market order that closes it",
        Where.TABLES,
        call="close",
        word="close",
        trades=True,
        in_palette=True,
    ),
    Action("tables.pick", ("enter",), "Show this row's market", Where.TABLES, call="pick", word="show"),
)

_TICKET = (
    Action(
        "ticket.review",
        ("enter",),
        "Review: what it would do, nothing is sent yet",
        Where.TICKET,
        word="review",
        trades=True,
    ),
    Action("ticket.close", ("escape",), "Close the ticket; it keeps what was typed", Where.TICKET, word="close"),
    Action("ticket.next_field", ("tab",), "Next field", Where.TICKET, call="field(1)", word="field"),
    Action("ticket.back_field", ("shift+tab",), "Previous field", Where.TICKET, call="field(-1)"),
    Action("ticket.up", ("up",), "One tick or step up", Where.TICKET, call="nudge(1)", word="tick"),
    Action("ticket.down", ("down",), "One tick or step down", Where.TICKET, call="nudge(-1)"),
    Action("ticket.up_ten", ("shift+up",), "Ten ticks or steps up", Where.TICKET, call="nudge(10)"),
    Action("ticket.down_ten", ("shift+down",), "Ten ticks or steps down", Where.TICKET, call="nudge(-10)"),
    Action("ticket.mid", ("m",), "Price at the middle of the spread", Where.TICKET, call="price_at('mid')", word="mid"),
    Action(
        "ticket.touch",
        ("t",),
        "Price at the own touch (joins the queue)",
        Where.TICKET,
        call="price_at('touch')",
        word="touch",
    ),
    Action("ticket.opposite", ("o",), "Price at the opposite touch (takes)", Where.TICKET, call="price_at('opposite')"),
    Action("ticket.snap", ("n",), "Round to the nearest tick or step", Where.TICKET, call="snap"),
    Action("ticket.side", ("space",), "Other side", Where.TICKET, call="flip"),
    Action("ticket.tenth", ("q",), "10 % of what is available", Where.TICKET, call="preset(10)"),
    Action("ticket.quarter", ("w",), "25 % of what is available", Where.TICKET, call="preset(25)"),
    Action("ticket.half", ("e",), "50 % of what is available", Where.TICKET, call="preset(50)"),
    Action("ticket.whole", ("r",), "100 % of what is available", Where.TICKET, call="preset(100)"),
    Action("ticket.kind", ("ctrl+t",), "Limit or market", Where.TICKET, call="kind", word="type"),
    Action("ticket.tif", ("ctrl+g",), "Time in force: GTC, IOC, FOK", Where.TICKET, call="tif", word="TIF"),
    Action(
        "ticket.post_only", ("p",), "Post-only: refuse rather than take", Where.TICKET, call="post_only", word="post"
    ),
    Action(
        "ticket.reduce_only",
        ("ctrl+r",),
        "Reduce-only: may only shrink a position",
        Where.TICKET,
        call="reduce_only",
        word="reduce",
    ),
)

_CONFIRM = (
    Action("confirm.place", ("enter",), "Send the order, once", Where.CONFIRM, call="place", word="place", trades=True),
    Action("confirm.back", ("escape",), "Back to the ticket; nothing is sent", Where.CONFIRM, call="back", word="edit"),
    Action("strip.yes", ("enter",), "Do it", Where.STRIP, call="screen.strip_yes", word="yes", trades=True),
    Action("strip.no", ("escape",), "Leave it", Where.STRIP, call="no", word="no"),
)

ACTIONS: tuple[Action, ...] = (*_DESK, *_CHART, *_LADDER, *_TAPE, *_LISTS, *_TICKET, *_CONFIRM)


class Keymap:
    """The actions with the keys they have for this user."""

    def __init__(self, actions: Sequence[Action] = ACTIONS) -> None:
        self.actions = tuple(actions)
        self._by_id = {action.id: action for action in self.actions}

    def __getitem__(self, action_id: str) -> Action:
        return self._by_id[action_id]

    def at(self, where: Where) -> tuple[Action, ...]:
        return tuple(action for action in self.actions if action.where is where)

    def rebound(self, keys: Mapping[str, Iterable[str]]) -> Keymap:
        """The same actions with some keys replaced.

        Raises:
            ConfigError: an unknown action, an action left without a key, or one key for two actions in one place.
        """
        for action_id in keys:
            if action_id not in self._by_id:
                near = get_close_matches(action_id, self._by_id, 1)
                hint = f" Did you mean {near[0]}?" if near else ""
                raise ConfigError(f"No action is called {action_id}.{hint}")
        actions = tuple(
            replace(action, keys=tuple(keys[action.id])) if action.id in keys else action for action in self.actions
        )
        _refuse_conflicts(actions)
        return Keymap(actions)


def _refuse_conflicts(actions: Iterable[Action]) -> None:
    taken: dict[tuple[Where, str], str] = {}
    for action in actions:
        if not action.keys:
            raise ConfigError(f"{action.id} has no key.")
        for key in action.keys:
            other = taken.setdefault((action.where, key), action.id)
            if other != action.id:
                raise ConfigError(f"{key_label(key)} is bound to both {other} and {action.id} ({action.where}).")


_SHORT = {"escape": "esc", "comma": ",", "pagedown": "pgdn", "pageup": "pgup"}
_SYMBOLS = {"up": "↑", "down": "↓", "left": "←", "right": "→"}


def key_label(key: str, *, symbols: bool = True) -> str:
    """A key as footer and help write it: `shift+up` is `⇧↑`, or itself for a terminal without such `symbols`."""
    *modifiers, last = key.split("+") if len(key) > 1 else (key,)
    prefix = "".join("⇧" if each == "shift" and symbols else f"{each}+" for each in modifiers)
    return prefix + _SHORT.get(last, _SYMBOLS.get(last, last) if symbols else last)
