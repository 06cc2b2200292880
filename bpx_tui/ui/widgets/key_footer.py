"""The last line: the keys of the focused panel, a bar, the keys of the whole desk. From the table of actions."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from bpx_tui.config.keymap import Action, Keymap, Where
from bpx_tui.ui.glyphs import key_text
from bpx_tui.ui.lines import Line, Run, tag_at, width_of
from bpx_tui.ui.palette import Role
from bpx_tui.ui.widgets.bar import Bar


class KeyFooter(Bar):
    """Keys are dropped from the end of the panel's part first; a click runs the action."""

    frames_per_second = 10

    def __init__(self, keymap: Keymap, *, id: str = "footer") -> None:
        super().__init__(id=id)
        self._keymap = keymap
        self.where: Where = Where.DESK

    def lines_now(self, width: int, height: int) -> Sequence[Line]:
        return (footer_line(self._keymap, self.where, width),)

    def on_click(self, event: events.Click) -> None:
        action_id = tag_at(self._lines[0], event.x) if self._lines else ""
        if action_id:
            self.app.run_worker(self.app.run_action(f"app.perform('{action_id}')"), exclusive=False)


def footer_line(keymap: Keymap, where: Where, width: int) -> Line:
    """What fits of the two groups; help and quit stay longest."""
    desk = [action for action in keymap.at(Where.DESK) if action.word]
    own = [action for action in keymap.at(where) if action.word] if where is not Where.DESK else []
    modal = where in {Where.CONFIRM, Where.STRIP, Where.TICKET}
    if modal:
        desk = [action for action in desk if action.id in {"help.open", "desk.quit"}]
    while True:
        line = _line(own, desk)
        if width_of(line) <= width or not (own or desk):
            return line
        if len(own) > (4 if modal else 2):
            own.pop()
        elif len(desk) > 2:
            desk.remove(_least(desk))
        elif own:
            own.pop()
        else:
            desk.pop(0)


_KEPT = ("help.open", "ticket.buy", "ticket.sell", "desk.quit", "market.switch", "cancel.market")


def _least(actions: list[Action]) -> Action:
    """The one to leave out: those not named in `_KEPT` from the end, then the named ones in reverse."""
    spare = [action for action in actions if action.id not in _KEPT]
    return spare[-1] if spare else max(actions, key=lambda action: _KEPT.index(action.id))


def _line(own: Sequence[Action], desk: Sequence[Action]) -> Line:
    runs: list[Run] = [Run(" ")]
    for action in own:
        runs += _key(action)
    if own and desk:
        runs.append(Run("│ ", Role.RULE))
    for action in desk:
        runs += _key(action)
    return tuple(runs)


def _key(action: Action) -> tuple[Run, Run, Run]:
    return (
        Run(key_text(action.keys[0]), Role.ACCENT, bold=True, tag=action.id),
        Run(f" {action.word}", Role.MUTED, tag=action.id),
        Run("  "),
    )
