"""The bottom panel: rows, columns, the cursor, and what an empty table says."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.account import Balance
from bpx_tui.model.ids import Asset
from bpx_tui.model.orders import LocalState
from bpx_tui.model.views import AccountAccess, AccountView
from bpx_tui.service.intents import Mode
from bpx_tui.ui.lines import width_of
from bpx_tui.ui.palette import Role
from bpx_tui.ui.tables import balances, fills, orders, positions
from bpx_tui.ui.tables.columns import Cell, fitting, heading, line_of
from bpx_tui.ui.widgets.tables import Tab, Tables
from tests.fakes import values
from tests.fakes.views import BTC_PERP, SOL_PERP, account, collateral, d, fill, order, position, unknown_order
from tests.ui.desks import HandDesk

_ALL = {"positions": positions.COLUMNS, "orders": orders.COLUMNS, "fills": fills.COLUMNS, "balances": balances.COLUMNS}


@pytest.mark.parametrize("table", list(_ALL))
@given(width=st.integers(20, 240))
def test_columns_stand_under_their_headings_at_any_width(table: str, width: int) -> None:
    columns = _ALL[table]
    fit = fitting(columns, width)
    row = line_of(tuple(Cell("x" * 40) for _ in columns), columns, fit)
    head = heading(columns, fit)
    assert [width_of([run]) for run in head] == [width_of([run]) for run in row]
    assert width_of(head) <= max(width, columns[0].width + 2)


@pytest.mark.parametrize("table", list(_ALL))
def test_what_matters_most_fits_into_the_smallest_screen(table: str) -> None:
    columns = _ALL[table]
    shown = [columns[index].rank for index in fitting(columns, 78).shown]
    assert all(index in fitting(columns, 78).shown for index, column in enumerate(columns) if column.rank == 0)
    assert shown


def test_profit_is_counted_at_the_streamed_mark() -> None:
    desk = HandDesk()
    cells = positions.cells_of(replace(position(), mark_price=d("1")), desk.desk)
    texts = [cell.text for cell in cells]
    assert texts[:6] == ["SOL-PERP", "LONG", "8.00", "186.87", "187.42", "+4.40"]


def test_a_short_earns_when_the_mark_falls() -> None:
    cells = positions.cells_of(position(BTC_PERP, "-0.05", "98900"), HandDesk().desk)
    assert (cells[1].text, cells[5].text, cells[5].ink) == ("SHORT", "+34.30", Role.UP)


def test_an_unknown_liquidation_price_is_not_a_number() -> None:
    cells = positions.cells_of(replace(position(), est_liquidation_price=None), HandDesk().desk)
    assert (cells[7].text, cells[8].text) == ("—", "—")


def test_an_order_of_unknown_outcome_has_a_question_mark_in_warning_colour() -> None:
    cells = orders.cells_of(unknown_order(), HandDesk().desk)
    state = next(cell for cell in cells if cell.text == "? unknown")
    assert state.ink is Role.WARNING


def test_a_cancel_is_not_shown_as_done_before_there_is_evidence() -> None:
    assert orders.state_text(replace(order("1"), cancel_pending=True)) == "cancelling"
    assert orders.state_text(replace(order("1"), state=LocalState.CANCELLED, cancel_pending=True)) == "cancelled"


def test_an_unrecognised_state_is_shown_as_it_is() -> None:
    assert orders.state_text(replace(order("1"), state=LocalState.UNRECOGNISED)) == "open?"


def _texts(view: AccountView) -> list[list[str]]:
    return [[cell.text for cell in balances.cells_of(row, view)] for row in balances.rows_of(view)]


def test_what_is_lent_stays_in_sight_and_in_the_total() -> None:
    view = replace(account(), balances=(), loans=(values.loan("USDC", "4000.5"),))
    assert _texts(view) == [
        ["USDC", "0.00", "0.00", "4,000.50", "$1.0000", "$4,000.50", "—", "4,000.50", "100%"],
    ]


def test_a_debt_is_shown_in_warning_colour_and_taken_from_the_value() -> None:
    view = replace(account(), loans=(values.loan("SOL", "-20", "150"), values.loan("BTC", "-0.01", "90000")))
    usdc, bitcoin, solana = _texts(view)
    assert (usdc[0], usdc[5:8]) == ("USDC", ["$5,000.50", "—", "—"])
    assert bitcoin == ["BTC", "0.000000", "0.000000", "0.000000", "$90,000.00", "-$900.00", "0.010000", "—", "—"]
    assert solana == ["SOL", "12.500000", "0.000000", "12.500000", "$150.00", "-$1,125.00", "20.000000", "—", "—"]
    owed = balances.cells_of(balances.rows_of(view)[1], view)
    assert [cell.text for cell in owed if cell.ink is Role.WARNING] == ["-$900.00", "0.010000"]


def test_a_debt_that_could_not_be_read_is_not_called_none() -> None:
    view = replace(account(), loans=None)
    assert {row[6] for row in _texts(view)} == {"unknown"}
    lent = replace(collateral().assets[0], lend_quantity=d("250"))
    counted = replace(view, collateral=replace(collateral(), assets=(lent,)))
    assert _texts(counted)[0][3:8] == ["5,250.50", "$1.0000", "$5,250.50", "unknown", "250.00"]


def test_a_debt_is_in_sight_beside_the_ticket_of_a_laptop_and_on_a_small_screen() -> None:
    for width in (70, 78):
        titles = {balances.COLUMNS[index].title for index in fitting(balances.COLUMNS, width).shown}
        assert {"Asset", "Available", "In orders", "Value", "Owed"} <= titles


@given(st.decimals(min_value="-999999999", max_value="9999999999", places=8))
def test_no_digit_of_a_balance_is_cut(quantity: Decimal) -> None:
    held = Balance(Asset("BTC"), abs(quantity), abs(quantity), Decimal(0))
    view = replace(account(), balances=(held,), loans=(values.loan("BTC", str(quantity), "1"),))
    for cell, column in zip(balances.cells_of(held, view), balances.COLUMNS, strict=True):
        assert column.title in {"Price", "Value"} or len(cell.text) <= column.width, (column.title, cell.text)


async def _rows(desk: HandDesk, tab: Tab, size: tuple[int, int] = (120, 35)) -> str:
    app = desk.app()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.main.tables.show_tab(tab)
        await pilot.pause()
        tables = app.main.tables
        return "\n".join(tables.render_line(y).text for y in range(tables.size.height))


@pytest.mark.parametrize(
    ("tab", "text"),
    [
        (Tab.POSITIONS, "no positions — b to buy, s to sell"),
        (Tab.ORDERS, "no open orders — b to buy, s to sell"),
        (Tab.FILLS, "no fills yet"),
    ],
)
async def test_an_empty_table_says_so_with_the_key_that_fills_it(tab: Tab, text: str) -> None:
    assert text in await _rows(HandDesk(), tab)


async def test_without_a_key_the_tables_say_why_they_are_empty() -> None:
    desk = HandDesk(mode=Mode.READ)
    desk.put_account(replace(account(access=AccountAccess.NO_KEY), positions=None, orders=None))
    assert "no API key" in await _rows(desk, Tab.POSITIONS)


async def test_what_was_not_read_yet_is_awaited_and_not_called_empty() -> None:
    desk = HandDesk()
    desk.put_account(replace(account(), orders=None))
    text = await _rows(desk, Tab.ORDERS)
    assert "waiting for the account" in text
    assert "no open orders" not in text


async def test_the_cursor_stays_on_its_order_while_rows_come_and_go() -> None:
    desk = HandDesk()
    desk.put_account(account(orders=(order("1"), order("2"), order("3"))))
    app = desk.app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("5", "}", "j")
        tables = app.main.tables
        assert _current(tables) == "2"
        desk.put_account(account(orders=(order("9"), order("8"), order("1"), order("2"), order("3"))))
        tables.paint()
        assert (tables.cursor, _current(tables)) == (3, "2")
        desk.put_account(account(orders=(order("9"),)))
        tables.paint()
        assert (tables.cursor, _current(tables)) == (0, "9")


def _current(tables: Tables) -> str:
    item = tables.current()
    assert item is not None
    return str(getattr(item, "order").order_id)  # noqa: B009


async def test_balances_that_cannot_be_read_are_counted_where_they_are_missing() -> None:
    desk = HandDesk()
    desk.put_account(replace(account(), balances_unreadable=("SOL: available is not a decimal number.",)))
    async with desk.app().run_test(size=(120, 35)) as pilot:
        tables = pilot.app.screen.query_one(Tables)
        tables.show_tab(Tab.BALANCES)
        assert "  ! 1 unreadable " in [part.text for part in tables.title_parts()]
        tables.show_tab(Tab.ORDERS)
        assert "  ! 1 unreadable " not in [part.text for part in tables.title_parts()]


@pytest.mark.parametrize(("is_maker", "word"), [(True, "maker"), (False, "taker"), (None, "—")])
def test_a_fill_says_who_rested_only_where_that_is_known(is_maker: bool | None, word: str) -> None:
    cells = fills.cells_of(replace(fill(1), is_maker=is_maker), HandDesk().desk)
    assert cells[7].text == word


async def test_long_lists_scroll_with_keys_and_wheel() -> None:
    desk = HandDesk()
    desk.put_account(account(fills=tuple(fill(number) for number in range(60))))
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5", "}", "}", "G")
        assert app.main.tables.cursor == 59
        await pilot.press("g")
        assert app.main.tables.cursor == 0
        await pilot.press("pagedown")
        assert app.main.tables.cursor == 10


async def test_tabs_are_clickable() -> None:
    desk = HandDesk()
    app = desk.app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        title = app.main.tables.render_line(0).text
        await pilot.click("#tables", offset=(title.index("Fills") + 1, 0))
        assert app.main.tables.tab is Tab.FILLS


async def test_a_position_of_another_market_can_be_shown() -> None:
    desk = HandDesk()
    desk.put_account(account(positions=(position(BTC_PERP, "-0.05", "98900"),)))
    app = desk.app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("5", "enter")
        await pilot.pause()
        assert app.desk.symbol == BTC_PERP
        await pilot.press("'")
        await pilot.pause()
        assert app.desk.symbol == SOL_PERP


@given(
    st.decimals(min_value=-(10**8), max_value=10**8, places=5),
    st.decimals(min_value="0.00001", max_value=200_000, places=5),
    st.decimals(min_value="0.00001", max_value=10**7, places=5),
)
def test_no_digit_of_a_position_is_cut(quantity: Decimal, entry: Decimal, liquidation: Decimal) -> None:
    held = replace(position(SOL_PERP, str(quantity), str(entry)), est_liquidation_price=liquidation)
    cells = positions.cells_of(held, HandDesk().desk)
    for cell, column in zip(cells, positions.COLUMNS, strict=True):
        assert len(cell.text) <= column.width, (column.title, cell.text)


def test_the_liquidation_price_is_shown_beside_the_ticket_of_a_laptop() -> None:
    titles = {positions.COLUMNS[index].title for index in fitting(positions.COLUMNS, 70).shown}
    assert {"Market", "Side", "Size", "Entry", "Mark", "PnL", "Liq."} <= titles
