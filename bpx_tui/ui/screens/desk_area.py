"""The container that puts every panel where the plan of its size says."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.geometry import Region, Size, Spacing
from textual.layout import Layout, WidgetPlacement
from textual.message import Message
from textual.widget import Widget

from bpx_tui.ui.layout import Arrangement, plan


class _Planned(Layout):
    name = "planned"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> list[WidgetPlacement]:
        assert isinstance(parent, DeskArea)
        regions = parent.regions(size)
        return [
            WidgetPlacement(regions[child.id], Region(0, 0, 0, 0).offset, Spacing(), child)
            for child in children
            if child.id is not None and child.id in regions
        ]


class DeskArea(Widget):
    """All panels. `card_open` lends the ticket's place to the card, `strip_open` the event line's to the strip."""

    DEFAULT_CSS = "DeskArea { width: 1fr; height: 1fr; }"

    class Resized(Message):
        """Panels may have come and gone: the focus may have gone with one."""

    def __init__(self, panels: Iterable[Widget]) -> None:
        super().__init__(id="desk")
        self._panels = tuple(panels)
        self.chosen = Arrangement()
        self.card_open = False
        self.strip_open = False
        self._planned = _Planned()

    @property
    def layout(self) -> Layout:
        return self._planned

    def compose(self) -> ComposeResult:
        yield from self._panels

    def regions(self, size: Size) -> dict[str, Region]:
        """Regions by widget id for that size and the choices of now."""
        regions = plan(size.width, size.height, self.chosen)
        if self.card_open and "ticket" in regions:
            regions["card"] = regions.pop("ticket")
        if self.strip_open and "event" in regions:
            regions["strip"] = regions.pop("event")
        return regions

    def lay_out(self) -> dict[str, Region]:
        """Show and hide panels for the size and choices of now."""
        regions = self.regions(self.size)
        for child in self.children:
            child.display = child.id in regions
        self.refresh(layout=True)
        return regions

    def on_resize(self) -> None:
        self.lay_out()
        self.post_message(self.Resized())
