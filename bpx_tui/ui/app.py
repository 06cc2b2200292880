"""The Textual application: theme, keys, the two lanes of the bus. No trading rules, no network."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from rich.segment import Segments
from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.driver import Driver
from textual.screen import Screen

from bpx_tui.clock import Clock, SystemClock
from bpx_tui.config.keymap import Keymap
from bpx_tui.config.themes import ThemeSpec
from bpx_tui.errors import ConfigError
from bpx_tui.model.ids import Symbol
from bpx_tui.service.mode import Mode
from bpx_tui.ui.bindings import priority_bindings, textual_keymap
from bpx_tui.ui.palette import textual_theme, theme_variable_defaults
from bpx_tui.ui.press import HearsKeys, PressGate
from bpx_tui.ui.screens.starting import StartingScreen

if TYPE_CHECKING:  # read after the first frame, where each is first used
    from bpx_tui.model.enums import KlineInterval
    from bpx_tui.model.limits import RiskLimits
    from bpx_tui.service.intents import DeskBus, Intent, Severity
    from bpx_tui.ui.desk import Desk
    from bpx_tui.ui.event_log import EventLog, LogLine
    from bpx_tui.ui.screens.desk import DeskScreen

log = logging.getLogger(__name__)

T = TypeVar("T")

DESK_STYLES: Final = Path(__file__).with_name("styles.tcss")

_LINKED_FONT: Final = re.compile(r',\s*url\("https?://[^"]*"\)\s*format\("[^"]*"\)')

_EVENTS_PER_SECOND = 20
_FREEZE_AFTER_SECONDS = 2.0
_TOAST_SECONDS = 6.0
_TAKEN_SECONDS = 0.25
"""A panel that is busy for longer is not waited for."""


class TradingApp(App[None], inherit_bindings=False):
    """One desk on one bus.

    `bus` may be what makes it: then a light first frame is shown, and the bus, the model and the panels are read and
    made after it. `on_first_paint` is called once, when the desk has been shown: the network starts after it.
    `log_file` is named when the program fails; details go there and never on the screen, where they could show a
    secret. `user_themes` is the folder of the user's own themes.
    """

    TITLE = "bpx-tui"
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    BINDINGS = priority_bindings()

    def __init__(
        self,
        bus: DeskBus | Callable[[], DeskBus],
        *,
        mode: Mode,
        symbol: Symbol,
        interval: KlineInterval,
        theme: ThemeSpec,
        clock: Clock | None = None,
        on_first_paint: Callable[[], None] | None = None,
        keymap: Keymap | None = None,
        log_file: Path | None = None,
        limits: RiskLimits | None = None,
        user_themes: Path | None = None,
    ) -> None:
        self.keys = keymap or Keymap()
        self._calls_that_trade = frozenset(
            _bare(action.textual_action) for action in self.keys.actions if action.trades
        )
        super().__init__(css_path=None if callable(bus) else DESK_STYLES)
        self._bus, self._mode, self._symbol, self._interval = bus, mode, symbol, interval
        self._clock = clock or SystemClock()
        self._limits = limits
        self._user_themes = user_themes
        self.press = PressGate()
        self._desk_is_hidden = False
        self._toasts: dict[str, float] = {}
        self._on_first_paint = on_first_paint
        self._log_file = log_file
        self.set_keymap(textual_keymap(self.keys))
        self.register_theme(textual_theme(theme))
        self.theme = theme.name

    # ---- what is made after the first frame

    @cached_property
    def desk(self) -> Desk:
        from bpx_tui.ui.desk import Desk

        bus = self._bus() if callable(self._bus) else self._bus
        return Desk(bus, self._mode, self._symbol, self._interval, self._clock, self._limits)

    @cached_property
    def event_log(self) -> EventLog:
        from bpx_tui.ui.event_log import EventLog

        return EventLog()

    @cached_property
    def main(self) -> DeskScreen:
        from bpx_tui.ui.screens.desk import DeskScreen

        return DeskScreen(self.desk, self.event_log, self)

    def get_default_screen(self) -> Screen[None]:
        return StartingScreen(self._mode, self._symbol, self.keys, self.open_desk) if callable(self._bus) else self.main

    async def open_desk(self) -> None:
        """Put the desk over the first frame, in one step that shows nothing in between."""
        self._desk_is_hidden = True
        with self.batch_update():
            await self.push_screen(self.main)
        self._desk_is_hidden = False
        self.main.call_after_refresh(self.painted)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme_variable_defaults()

    def get_driver_class(self) -> type[Driver]:
        chosen = super().get_driver_class()
        if chosen.__name__ != "LinuxDriver":
            return chosen
        from bpx_tui.ui.driver import TerminalDriver

        return TerminalDriver

    def painted(self) -> None:
        """Called by the desk screen when it shows for the first time."""
        if self._desk_is_hidden:
            return
        self.set_interval(1 / _EVENTS_PER_SECOND, self.drain_events)
        callback, self._on_first_paint = self._on_first_paint, None
        if callback is not None:
            callback()
        self.main.watch_market()
        self.set_timer(_FREEZE_AFTER_SECONDS, _freeze)

    # ---- the lossless lane

    def drain_events(self) -> None:
        """Every event becomes a line; what went wrong also becomes a toast. Never raises."""
        from bpx_tui.service.intents import CommandOutcome, Severity
        from bpx_tui.ui.event_log import line_for

        bus = self.desk.bus
        for event in bus.events.drain():
            try:
                line = line_for(event, self.desk, self.desk.clock.wall_ms())
                shown = isinstance(event, CommandOutcome) and self.main.take_outcome(event)
                if line is not None:
                    self.event_log.add(line)
                    if not shown:
                        self._toast(line)
            except Exception:
                log.exception("an event could not be shown")
        if bus.events.take_overflow():
            self.say(Severity.WARNING, "events were lost: reading everything again")
            self.action_desk_resync()

    def say(self, severity: Severity, text: str) -> None:
        """One line of our own in the event line."""
        self.event_log.say(severity, text, self.desk.clock.wall_ms())

    def _toast(self, line: LogLine) -> None:
        from bpx_tui.service.intents import Severity

        if line.severity is not Severity.ERROR or line.unknown:  # what is unknown stays in the event line until known
            return
        now = self.desk.clock.monotonic()
        self._toasts = {text: until for text, until in self._toasts.items() if until > now}
        if line.text not in self._toasts:
            self._toasts[line.text] = now + _TOAST_SECONDS
            self.notify(line.text, severity="error", timeout=_TOAST_SECONDS, markup=False)

    # ---- the command lane

    def submit(self, make: Callable[[tuple[int, float, Mode]], Intent]) -> bool:
        """Hand over an intent built from a new input id, the time of the press and the mode."""
        from bpx_tui.service.intents import next_input_id

        return self.hand_over(make((next_input_id(), self.press.pressed_at, self.desk.mode)))

    def hand_over(self, intent: Intent) -> bool:
        if self.desk.bus.commands.submit(intent):
            return True
        from bpx_tui.service.intents import Severity

        self.say(Severity.ERROR, "the service is too far behind to take this; nothing was sent")
        return False

    # ---- keys

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent) and not event.is_forwarded:
            if isinstance(event, events.Key):
                self.press.arrived(event.time, printable=event.is_printable)
                focused: object = self.focused
                if isinstance(focused, HearsKeys):
                    self.app_focus = True
                    await self._key(event, focused)
                    return
            elif isinstance(event, events.MouseDown | events.MouseUp):
                self.press.arrived(event.time, printable=False)
        await super().on_event(event)

    async def _key(self, event: events.Key, focused: HearsKeys) -> None:
        """One key to its end, its binding too, before the next is looked at: typed text never overtakes an action."""
        bound = self.screen.active_bindings.get(event.key)
        if bound is not None and bound.binding.priority:
            await self.run_action(bound.binding.action, bound.node)
        elif not focused.hear(event) and bound is not None:
            await self.run_action(bound.binding.action, bound.node)
            await _taken(bound.node)

    def on_key(self, event: events.Key) -> None:
        """A key that no field took is about to run its binding."""
        self.press.handling(event.time)

    async def run_action(self, action: object, *args: object, **kwargs: object) -> bool:
        """Run an action, unless it may trade and the press behind it is old or part of a burst."""
        if isinstance(action, str) and _bare(action) in self._calls_that_trade:
            reason = self.press.why_ignored(self.desk.clock.monotonic())
            if reason:
                from bpx_tui.service.intents import Severity

                self.say(Severity.WARNING, reason)
                return True
        return await super().run_action(action, *args, **kwargs)  # type: ignore[arg-type]

    async def action_perform(self, action_id: str) -> None:
        """Run an action of the table by its id, as its key would in its panel."""
        action = self.keys[action_id]
        await self.run_action(action.textual_action, self.main.place_of(action.where))

    # ---- screens of their own

    def action_help_open(self) -> None:
        from bpx_tui.ui.screens.help import HelpScreen

        self._push(HelpScreen(self.keys, self.main.footer.where))

    def action_log_open(self) -> None:
        from bpx_tui.ui.screens.log import LogScreen

        self._push(LogScreen(self.event_log))

    def action_market_switch(self) -> None:
        from bpx_tui.ui.screens.pickers import market_picker

        self._push(market_picker(self.desk, tuple(self.main.recent)), self._market_picked)

    def _market_picked(self, symbol: Symbol | None) -> None:
        if symbol is not None:
            self.main.show_market(symbol)

    def action_palette_open(self) -> None:
        from bpx_tui.ui.screens.pickers import action_picker

        self._push(action_picker(self.keys), self._action_picked)

    async def _action_picked(self, action_id: str | None) -> None:
        if action_id is not None:
            await self.action_perform(action_id)

    def _push(self, screen: Screen[T], done: Callable[[T | None], Awaitable[None] | None] | None = None) -> None:
        """Open a screen over the desk; one at a time."""
        if self.screen is self.main:
            self.push_screen(screen, done)  # type: ignore[arg-type]

    # ---- the rest

    def action_desk_resync(self) -> None:
        from bpx_tui.service.intents import Resync

        self.submit(lambda base: Resync(*base))

    def action_desk_redraw(self) -> None:
        self.refresh(layout=True)
        self.screen.refresh(layout=True)

    def action_theme_next(self) -> None:
        from bpx_tui.config.themes import load_themes
        from bpx_tui.service.intents import Severity

        try:
            specs = load_themes(self._user_themes)
        except ConfigError as error:
            self.say(Severity.ERROR, str(error))
            return
        names = sorted(specs)
        after = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]
        self.register_theme(textual_theme(specs[after]))
        self.theme = after
        self.say(Severity.INFO, f"theme {after}")

    async def action_desk_quit(self) -> None:
        """Say what is left on the exchange and ask; nothing left, nothing to ask."""
        from bpx_tui.ui.screens.quit import QuitScreen, something_is_left

        if not something_is_left(self.desk):
            self.exit()
        elif not isinstance(self.screen, QuitScreen):
            await self.push_screen(QuitScreen(self.desk, self))

    async def action_desk_interrupt(self) -> None:
        """Ctrl-C asks like quitting does; a second one does not ask."""
        from bpx_tui.ui.screens.quit import QuitScreen

        if isinstance(self.screen, QuitScreen):
            self.exit()
        else:
            await self.action_desk_quit()

    def save_screen(self, path: Path) -> None:
        """Write what the screen shows now as SVG. It links to no font of the network."""
        picture = _LINKED_FONT.sub("", self.export_screenshot(title=self.TITLE))
        path.write_text(picture, encoding="utf-8")

    # ---- failing without telling secrets

    def _fatal_error(self) -> None:
        """One line instead of Textual's traceback, which prints local variables."""
        import sys

        error = sys.exc_info()[1]
        log.critical("the screen failed", exc_info=True)
        where = f" Details: {self._log_file}" if self._log_file is not None else ""
        from rich.text import Text

        text = Text(f"bpx-tui stopped: {type(error).__name__} in the screen.{where}\n")
        self._exit_renderables.append(Segments(self.console.render(text)))
        self._close_messages_no_wait()

    def panic(self, *renderables: object) -> None:
        """Never renders what it is given: it may hold local variables."""
        self._fatal_error()


async def _taken(node: DOMNode) -> None:
    """Wait until what an action told the panels above it has arrived there."""
    for each in node.ancestors_with_self:
        arrived = asyncio.Event()
        if isinstance(each, App) or not each.call_later(arrived.set):
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(arrived.wait(), _TAKEN_SECONDS)


def _bare(action: str) -> str:
    """The name of an action text: `app.x(1)` is `x`."""
    return action.partition("(")[0].rpartition(".")[2]


def _freeze() -> None:
    """Take what lives as long as the program out of the collector's way: its pauses show as late frames."""
    gc.collect()
    gc.freeze()
