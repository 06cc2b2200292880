"""Every recorded REST answer could have come from here: the same keys, and values written the same way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.simulator.desk import Client
from tests.simulator.test_conformance import BY_ID, Inspector, Params, see_everything

SAMPLES = Path(__file__).parents[1] / "data/backpack/samples/rest"
OTHERWISE = {"errors": "test_rest"}
"""Files that are no answer of an operation, and the test that has them."""
PLAIN = {"ping", "get_time"}
_FORMS = (
    ("number text", re.compile(r"-?\d+(\.\d+)?")),
    ("naive time", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?")),
    ("zoned time", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")),
    ("spaced time", re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")),
)
_TIME = re.compile(r"(time|timestamp|At)$", re.IGNORECASE)


def form_of(value: object, at: str) -> str:
    """How a value is written; of times in whole numbers the unit too."""
    if isinstance(value, str):
        return next((name for name, pattern in _FORMS if pattern.fullmatch(value)), "text")
    if isinstance(value, int) and not isinstance(value, bool) and _TIME.search(at):
        return "milliseconds" if value < 10**14 else "microseconds"
    return type(value).__name__


def forms(value: object, at: str = "$") -> Iterator[tuple[str, str]]:
    """Every place in an answer with the form of what stands there."""
    if isinstance(value, dict):
        by_asset = bool(value) and all(key.isupper() for key in value)
        for key, item in value.items():
            yield from forms(item, f"{at}.{'ASSET' if by_asset else key}")
    elif isinstance(value, list):
        for item in value:
            yield from forms(item, f"{at}[]")
    else:
        yield at, form_of(value, at)


def _see_what_is_rare(see: Inspector) -> None:
    """Situations that recordings show and the round through all operations does not."""
    limit: Params = {"symbol": "SOL_USDC_PERP", "side": "Bid", "orderType": "Limit", "quantity": "0.10"}
    see.call("execute_order", **limit, price="150.00", clientId=21)
    see.call("cancel_open_orders", symbol="SOL_USDC_PERP")
    see.call("execute_order", **limit, price="150.00", timeInForce="IOC")
    trigger: Params = {"triggerPrice": "100", "triggerQuantity": "1"}
    see.call("execute_order", symbol="SOL_USDC", side="Ask", orderType="Market", **trigger)
    see.call("get_order_history")
    flags: Params = {"autoBorrow": True, "autoLendRedeem": True}
    see.call("get_max_order_quantity", symbol="SOL_USDC", side="Bid", price="150.00", **flags)
    see.call("get_max_withdrawal_quantity", symbol="USDC", **flags)
    sub = Client(see.exchange, "demo/1")
    see.call("execute_order", by=sub, symbol="SOL_USDC_PERP", side="Ask", orderType="Market", quantity="1")
    see.call("get_positions", by=sub)
    ask: Params = {"symbol": "SOL_USDC_RFQ", "side": "Bid", "quantity": "2", "clientId": 11}
    prices: Params = {"bidPrice": "150.00", "askPrice": "178.00", "clientId": 12}
    rfq = see.call("submit_rfq", **ask).object()
    quote = see.call("submit_quote", by=see.rival, rfqId=rfq["rfqId"], **prices).object()
    see.call("get_open_rfqs", symbol="SOL_USDC_RFQ")
    see.call("accept_quote", rfqId=rfq["rfqId"], quoteId=quote["quoteId"])
    see.call("get_quote_history", by=see.rival)
    see.call("get_quote_fill_history", by=see.rival)
    rfq = see.call("submit_rfq", **ask).object()
    see.call("cancel_rfq", rfqId=rfq["rfqId"])
    see.exchange.faults.switch({"fault": "maint"}, see.exchange.now_us)
    see.call("get_status")


@pytest.fixture(name="seen", scope="module")
def what_was_answered() -> dict[str, set[tuple[str, str]]]:
    see = Inspector(traps=False)
    see_everything(see)
    _see_what_is_rare(see)
    return {name: {form for value in values for form in forms(value)} for name, values in see.values.items()}


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.stem)
def test_answers_are_written_as_recorded(seen: dict[str, set[tuple[str, str]]], path: Path) -> None:
    name = path.stem.split("__")[0]
    if name in OTHERWISE:
        return
    assert name in BY_ID
    recorded = path.read_text().strip() if name in PLAIN else orjson.loads(path.read_bytes())
    assert {at for at, _ in forms(recorded)} - {at for at, _ in seen[name]} == set()
    assert {form for form in forms(recorded) if form[1] != "NoneType"} - seen[name] == set()
