"""The one seam past Textual's compositor: changed lines of a line panel go straight to the terminal.

Textual takes five turns of its loop and a pass over every visible widget to bring ten changed rows to the screen; a
desk does that twenty times a second for several panels. A panel's strips are complete, so where nothing can lie over
the panel they are written as they are. Nothing is bypassed that could differ afterwards: the strips stay what the
compositor gets for every repaint of its own.

This reads private names of Textual 8 (the dependency is pinned below 9). Whatever is not as expected, a modal screen,
an overlay, a pending layout, a headless or inline app, is answered with `False`, and the caller refreshes as usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from textual._compositor import Compositor
from textual.geometry import Region
from textual.widget import Widget

_Places = dict[Widget, tuple[Region, Region]]


def paint_directly(widget: Widget, dirty: Sequence[Region]) -> bool:
    """Write regions (in the widget's own cells) to the terminal; `False`, and nothing done, where that is not safe."""
    app, screen = widget.app, widget.screen
    driver = app._driver
    if (
        driver is None
        or app.is_headless
        or app.is_inline
        or not app._running
        or app._closed
        or app._exit
        or app._batch_count
        or app.screen is not screen
        or screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or widget._repaint_required
    ):
        return False
    place = _open_place(widget, screen._compositor)
    if place is None:
        return False
    console = app.console
    written: list[str] = []
    for region in dirty:
        for y, strip in enumerate(widget.render_lines(region), place.y + region.y + 1):
            written.append(f"\x1b[{y};{place.x + region.x + 1}H{strip.render(console)}")
    x, y = screen.outer_size.clamp_offset(app.cursor_position)
    written.append(f"\x1b[{y + 1};{x + 1}H")
    app._begin_update()
    try:
        driver.write("".join(written))
    finally:
        app._end_update()
    return True


_open_places: WeakKeyDictionary[Compositor, tuple[_Places, dict[Widget, Region | None]]] = WeakKeyDictionary()


def _open_place(widget: Widget, compositor: Compositor) -> Region | None:
    """Where the widget is on the terminal, if all of it is visible and nothing lies over it.

    Kept for as long as the compositor's own map of visible widgets is the same object.
    """
    places = compositor.visible_widgets
    known = _open_places.get(compositor)
    if known is None or known[0] is not places:
        known = (places, {})
        _open_places[compositor] = known
    if widget not in known[1]:
        known[1][widget] = _find_open_place(widget, places)
    return known[1][widget]


def _find_open_place(widget: Widget, places: _Places) -> Region | None:
    """`places` is in the order of painting, what lies in front first."""
    if widget not in places or widget.opacity != 1.0:
        return None
    region, clip = places[widget]
    if not clip.contains_region(region):
        return None
    for other, (other_region, other_clip) in places.items():
        if other is widget:
            return region
        if other_region.intersection(other_clip).overlaps(region):
            return None
    return None
