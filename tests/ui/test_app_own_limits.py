"""The user's own limits from the keys to the intent."""

from __future__ import annotations

from bpx_tui.model.limits import RiskLimits
from bpx_tui.model.situation import Override
from tests.fakes.views import d
from tests.ui.desks import HandDesk
from tests.ui.test_app_orders import arm, driven, orders_of


async def test_an_order_above_the_own_limit_is_typed_again_and_the_service_is_told_so() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        app.desk.limits = RiskLimits(max_order_notional=d("1000"))
        await pilot.press("b", "8", "enter")
        await pilot.pause()
        assert app.main.card.card is None
        await pilot.press("8", "enter")
        await arm(app, pilot, desk)
        await pilot.press("enter")
        await pilot.pause()
        (sent,) = orders_of(desk)
        assert (sent.request.quantity, sent.overrides) == (d("8"), frozenset({Override.RETYPE_NOTIONAL}))
