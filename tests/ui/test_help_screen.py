"""The help screen scrolls and closes on every size."""

from __future__ import annotations

import pytest
from textual.containers import VerticalScroll

from tests.ui.desks import HandDesk


@pytest.mark.parametrize("size", [(200, 60), (80, 24), (20, 6)])
async def test_help_scrolls_to_the_end_and_closes(size: tuple[int, int]) -> None:
    app = HandDesk().app()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("?", "end")
        await pilot.pause()
        body = app.screen.query_one(VerticalScroll)
        assert body.has_focus
        assert body.max_scroll_y > 0
        await pilot.press("escape")
        await pilot.pause()
        assert len(app.screen_stack) == 1
