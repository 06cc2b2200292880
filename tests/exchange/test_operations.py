"""The table of operations against the published specification."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bpx_tui.exchange import rest
from bpx_tui.exchange.operations import (
    OPERATIONS,
    READ_ONLY_INSTRUCTIONS,
    SUBSCRIBE,
    TRADING_INSTRUCTIONS,
    WITHDRAW,
)

SPECIFICATION = Path(__file__).parents[1] / "data" / "backpack" / "openapi.yml"
_INSTRUCTION = re.compile(r"nstruction[^`]*`([^`]+)`")


@pytest.fixture(scope="module")
def specified() -> dict[str, tuple[str, str, str | None]]:
    """Method, path and instruction by operation id, as the specification has them."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with SPECIFICATION.open(encoding="utf-8") as file:
        document = yaml.load(file, Loader=loader)
    found = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            instruction = _INSTRUCTION.search(operation.get("description", ""))
            found[operation["operationId"]] = (method.upper(), path, instruction.group(1) if instruction else None)
    return found


def test_every_operation_is_in_the_table_as_specified(specified: dict[str, tuple[str, str, str | None]]) -> None:
    table = {name: (row.method, row.path, row.instruction) for name, row in OPERATIONS.items()}
    assert table == specified
    assert len(table) == 81


def test_an_operation_is_signed_exactly_when_it_has_an_instruction() -> None:
    assert all(row.signed == (row.instruction is not None) for row in OPERATIONS.values())
    assert not OPERATIONS["get_markets"].signed
    assert OPERATIONS["execute_order"].signed


def test_every_call_costs_and_history_costs_from_its_own_allowance() -> None:
    assert all(row.cost >= 1 for row in OPERATIONS.values())
    assert OPERATIONS["get_klines"].historical
    assert not OPERATIONS["get_depth"].historical


def test_no_set_of_instructions_holds_a_withdrawal() -> None:
    assert WITHDRAW not in READ_ONLY_INSTRUCTIONS | TRADING_INSTRUCTIONS
    assert OPERATIONS["request_withdrawal"].instruction == WITHDRAW


def test_looking_is_not_trading() -> None:
    changing = {row.instruction for row in OPERATIONS.values() if row.method != "GET"}
    assert not READ_ONLY_INSTRUCTIONS & changing
    assert SUBSCRIBE in READ_ONLY_INSTRUCTIONS
    assert {"orderExecute", "orderCancel", "orderCancelAll"} <= TRADING_INSTRUCTIONS


def test_the_client_calls_every_operation_but_those_that_move_money_out_or_need_a_person() -> None:
    room = Path(rest.__file__).parent
    called = {
        node.value
        for path in room.glob("rest*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in OPERATIONS
    }
    assert OPERATIONS.keys() - called == {"request_withdrawal", "create_withdrawal_delay", "update_withdrawal_delay"}
