"""Where panels lie: the three sizes as drawn, and laws for every other size."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region

from bpx_tui.ui.layout import MARKET_PANELS, Arrangement, is_compact, plan

_ARRANGEMENTS = st.builds(
    Arrangement,
    main=st.sampled_from(MARKET_PANELS),
    zoomed=st.sampled_from([None, "chart", "ladder", "tables"]),
    ticket_open=st.booleans(),
)


def test_the_desk_at_200x60() -> None:
    regions = plan(200, 60, Arrangement())
    assert regions["watchlist"].width == regions["facts"].width == regions["events"].width == 34
    assert regions["chart"] == Region(34, 2, 100, 40)
    assert regions["ladder"] == Region(134, 2, 40, 40)
    assert regions["tape"] == Region(174, 2, 26, 40)
    assert regions["tables"] == Region(0, 42, 134, 16)
    assert regions["ticket"] == Region(134, 42, 66, 16)


def test_the_laptop_at_120x35() -> None:
    regions = plan(120, 35, Arrangement())
    assert regions["chart"] == Region(0, 2, 66, 21)
    assert regions["ladder"] == Region(66, 2, 32, 21)
    assert regions["tape"] == Region(98, 2, 22, 21)
    assert regions["tables"] == Region(0, 23, 72, 10)
    assert regions["ticket"] == Region(72, 23, 48, 10)


def test_the_emergency_at_80x24() -> None:
    regions = plan(80, 24, Arrangement())
    assert regions["chart"] == Region(0, 2, 50, 13)
    assert regions["ladder"] == Region(50, 2, 30, 13)
    assert regions["tables"] == Region(0, 15, 80, 7)
    assert "ticket" not in regions
    assert "tape" not in regions


def test_at_80x24_the_open_ticket_takes_the_place_of_the_tables() -> None:
    before, after = plan(80, 24, Arrangement()), plan(80, 24, Arrangement(ticket_open=True))
    assert after["ticket"] == before["tables"]
    assert after["ladder"] == before["ladder"]


def test_a_panel_without_a_place_takes_the_charts() -> None:
    assert plan(80, 24, Arrangement(main="tape"))["tape"] == plan(80, 24, Arrangement())["chart"]
    assert plan(120, 35, Arrangement(main="watchlist"))["watchlist"] == plan(120, 35, Arrangement())["chart"]


def test_a_panel_that_has_a_place_leaves_the_chart_its_own() -> None:
    assert plan(200, 60, Arrangement(main="tape")) == plan(200, 60, Arrangement())


@pytest.mark.parametrize(("width", "height"), [(79, 24), (80, 23), (40, 10), (20, 5), (1, 1)])
def test_below_the_smallest_size_one_panel_remains(width: int, height: int) -> None:
    assert is_compact(width, height)
    regions = plan(width, height, Arrangement())
    assert set(regions) <= {"header", "compact", "event", "footer"}
    assert "header" in regions


@given(st.integers(0, 320), st.integers(0, 120), _ARRANGEMENTS)
def test_panels_never_overlap_and_never_leave_the_screen(width: int, height: int, chosen: Arrangement) -> None:
    regions = plan(width, height, chosen)
    screen = Region(0, 0, width, height)
    assert all(screen.contains_region(region) and region.area > 0 for region in regions.values())
    assert not [pair for pair in combinations(regions.values(), 2) if pair[0].overlaps(pair[1])]
    if width and height:
        assert sum(region.area for region in regions.values()) == screen.area


@given(st.integers(80, 320), st.integers(24, 120), st.booleans())
def test_what_must_not_be_lost_is_on_every_screen(width: int, height: int, ticket_open: bool) -> None:
    regions = plan(width, height, Arrangement(ticket_open=ticket_open))
    assert {"header", "chart", "ladder", "event", "footer"} <= set(regions)
    assert "ticket" in regions if ticket_open else "tables" in regions
    assert regions["ladder"].width >= 30
    assert regions["ladder"].height >= 5
