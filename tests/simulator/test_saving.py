"""An account written down and restored on a fresh exchange is the same account, and the books still balance."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.enums import OrderKind, TriggerBy
from bpx_tui.simulator.domain.orders import AccountId, AttachedExit, NewOrder, TriggerTerms
from bpx_tui.simulator.domain.plain import from_plain, to_plain
from bpx_tui.simulator.domain.saving import SavedAccount
from bpx_tui.simulator.domain.seeds import CLEARING_SEED
from bpx_tui.simulator.domain.views import FeeTier
from tests.simulator.floor import ASK, BID, PERP, SOL, SPOT, USDC, Floor, d


@pytest.fixture
def saved() -> SavedAccount:
    """A lived-in account: positions, a borrow, a lend, waiting and resting orders, history."""
    floor = Floor()
    floor.quote("178.49", "178.51")
    floor.quote("178.49", "178.51", symbol=SPOT)
    floor.limit(
        floor.alice,
        BID,
        "10",
        "178.51",
        stop_loss=AttachedExit(TriggerTerms(d(150), TriggerBy.MARK)),
        client_id=7,
    )
    floor.market(floor.alice, ASK, "3")
    floor.market(floor.alice, ASK, "7.5", SPOT)
    floor.limit(floor.alice, BID, "2", "170", SPOT, client_id=9)
    floor.venue.borrow_lend(floor.alice, USDC, "Lend", d(5_000))
    floor.venue.borrow_lend(floor.alice, SOL, "Borrow", d(4))
    floor.venue.set_index(SOL, d("179.10"))
    floor.seconds(3600)
    return floor.venue.save_account(floor.alice)


def test_it_survives_being_written_as_json(saved: SavedAccount) -> None:
    document = json.dumps(to_plain(saved))
    assert from_plain(SavedAccount, json.loads(document)) == saved


def test_a_restored_account_is_the_same(saved: SavedAccount) -> None:
    floor = Floor()
    renamed = replace(saved, id=AccountId("learner"))
    info = floor.venue.restore_account(renamed, ["learner-key"])
    again = floor.venue.save_account(info.id)
    for name in ("balances", "loans", "positions", "history", "fills", "closed_positions", "leverage_limit", "user_id"):
        assert getattr(again, name) == getattr(saved, name), name
    assert {(o.side, o.price, o.quantity) for o in again.orders} == {
        (o.side, o.price, o.quantity) for o in saved.orders
    }
    assert floor.venue.account_of_key("learner-key") == "learner"
    state = floor.venue.state()
    assert state.totals == state.deposited
    assert floor.venue._core.ledger.clearing.purse(USDC).available == CLEARING_SEED


def test_a_restored_position_can_be_closed(saved: SavedAccount) -> None:
    floor = Floor()
    renamed = replace(saved, id=AccountId("learner"))
    learner = floor.venue.restore_account(renamed).id
    floor.quote("178.49", "178.51")
    floor.market(learner, ASK, "7", reduce_only=True)
    assert floor.venue.positions(learner) == ()
    floor.seconds(61)
    state = floor.venue.state()
    assert state.totals == state.deposited


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"spot_maker": "8"},
        {"spot_maker": 8, "spot_taker": "1", "futures_maker": "1", "futures_taker": "1"},
    ],
)
def test_a_document_of_another_shape_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="not a FeeTier"):
        from_plain(FeeTier, document)  # type: ignore[arg-type]


@given(
    price=st.none() | st.decimals(allow_nan=False, allow_infinity=False),
    quantity=st.decimals(allow_nan=False, allow_infinity=False),
    client_id=st.none() | st.integers(0, 2**32 - 1),
)
def test_orders_are_written_down_exactly(price: Decimal | None, quantity: Decimal, client_id: int | None) -> None:
    order = NewOrder(PERP, BID, OrderKind.LIMIT, quantity, price, client_id=client_id)  # type: ignore[arg-type]
    again = from_plain(NewOrder, json.loads(json.dumps(to_plain(order))))
    assert again == order
    assert str(again.quantity) == str(order.quantity)
