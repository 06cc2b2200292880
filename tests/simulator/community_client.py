"""What the tests ask of the community client `backpack-exchange-sdk`, which is used as it comes.

As a program it does so at the client's own addresses, without a word about where the exchange is: its environment must
lead it to a simulated one, because this process connects to nothing but this machine.
`python -m tests.simulator.community_client API_KEY API_SECRET`
"""

from __future__ import annotations

import sys
from queue import Queue
from typing import Any

from backpack_exchange_sdk.authenticated import AuthenticationClient
from backpack_exchange_sdk.public import PublicClient
from backpack_exchange_sdk.websocket import WebSocketClient

from bpx_tui.cli.guard import allow_only
from bpx_tui.config.endpoints import Endpoints

PERP = "SOL_USDC_PERP"
HEARD_WITHIN_S = 20


def look(**where: Any) -> None:
    """Public data. `where` is nothing, or a `base_url`."""
    client = PublicClient(**where)
    assert client.get_status()["status"] == "Ok"
    assert {market["symbol"] for market in client.get_markets()} >= {"SOL_USDC", PERP}
    assert client.get_ticker("SOL_USDC")["symbol"] == "SOL_USDC"
    depth = client.get_depth("SOL_USDC")
    assert depth["bids"][0][0] < depth["bids"][-1][0]
    assert client.get_recent_trades("SOL_USDC", limit=5)
    assert client.get_mark_price(PERP)


def trade(api_key: str, api_secret: str, **where: Any) -> None:
    """An account with 10,000 USDC: orders alone and in a batch, cancels, a position, settings."""
    client = AuthenticationClient(api_key, api_secret, **where)
    assert float(client.get_balances()["USDC"]["available"]) == 10_000
    order = client.execute_order(
        orderType="Limit", side="Bid", symbol="SOL_USDC", quantity="0.50", price="150.00", clientId=5
    )
    assert order["status"] == "New"
    assert [row["id"] for row in client.get_open_orders("SOL_USDC")] == [order["id"]]
    assert client.get_users_open_orders(symbol="SOL_USDC", orderId=order["id"])["clientId"] == 5
    batch = client.execute_batch_orders([_post_only(price) for price in ("140", "141")])
    assert [row["operation"] for row in batch] == ["Ok", "Ok"]
    assert client.cancel_open_order("SOL_USDC", orderId=order["id"])["status"] == "Cancelled"
    assert len(client.cancel_open_orders("SOL_USDC")) == 2
    filled = client.execute_order(orderType="Market", side="Bid", symbol=PERP, quantity="1.00")
    assert filled["status"] == "Filled"
    (position,) = client.get_open_positions()
    assert float(position["netQuantity"]) == 1
    assert client.get_fill_history()
    client.update_account(leverageLimit="5")
    assert client.get_account()["leverageLimit"] == "5"


def _post_only(price: str) -> dict[str, Any]:
    limit = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "price": price, "quantity": "0.10"}
    return {**limit, "postOnly": True}


def listen(api_key: str, api_secret: str) -> None:
    """A public and a private stream, the latter while an order is placed and filled. It has no word for its address."""
    depths: Queue[dict[str, Any]] = Queue()
    orders: Queue[dict[str, Any]] = Queue()
    client: Any = WebSocketClient(api_key, api_secret)
    client.subscribe([f"depth.{PERP}"], depths.put)
    client.subscribe(["account.orderUpdate"], orders.put, is_private=True)
    trader = AuthenticationClient(api_key, api_secret)
    trader.execute_order(orderType="Market", side="Ask", symbol="SOL_USDC", quantity="1.00")
    assert depths.get(timeout=HEARD_WITHIN_S)["s"] == PERP
    heard = [orders.get(timeout=HEARD_WITHIN_S)["e"] for _ in range(2)]
    assert heard == ["orderAccepted", "orderFill"]
    client.close()


if __name__ == "__main__":
    allow_only(Endpoints("http://localhost", "ws://127.0.0.1"))
    look()
    trade(*sys.argv[1:])
    listen(*sys.argv[1:])
