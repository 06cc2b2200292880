"""How the simulated exchange says no: HTTP status, error code and message of each refusal.

Texts recorded from the real exchange are kept letter by letter (samples/rest/errors.json); the others use the
specification's codes with plain wording.
"""

from __future__ import annotations


class VenueRefusal(Exception):
    """The exchange answers no; nothing changed.

    Attributes:
        status: HTTP status of the answer.
        code: word of the specification's error enum.
        message: text shown to the client.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def invalid_request(message: str) -> VenueRefusal:
    """The catch-all of request errors."""
    return VenueRefusal(400, "INVALID_CLIENT_REQUEST", message)


def invalid_order(message: str = "Invalid order") -> VenueRefusal:
    return VenueRefusal(400, "INVALID_ORDER", message)


def would_take() -> VenueRefusal:
    """A post-only order that crosses the book."""
    return invalid_order("Order would immediately match and take")


def price_too_far() -> VenueRefusal:
    return invalid_request("Price is too far from the last active price")


def client_id_taken() -> VenueRefusal:
    return invalid_request("Client id is already in use")


def order_not_found() -> VenueRefusal:
    """A cancel of something that is not open."""
    return invalid_request("Order not found")


def not_found(message: str = "Not Found") -> VenueRefusal:
    """A query of something that is not there."""
    return VenueRefusal(404, "RESOURCE_NOT_FOUND", message)


def insufficient_funds() -> VenueRefusal:
    return VenueRefusal(400, "INSUFFICIENT_FUNDS", "Insufficient funds")


def insufficient_margin() -> VenueRefusal:
    return VenueRefusal(400, "INSUFFICIENT_MARGIN", "Insufficient margin")


def insufficient_supply(message: str = "Not enough supply to borrow") -> VenueRefusal:
    return VenueRefusal(400, "INSUFFICIENT_SUPPLY", message)


def invalid_quantity(message: str) -> VenueRefusal:
    return VenueRefusal(400, "INVALID_QUANTITY", message)


def invalid_price(message: str) -> VenueRefusal:
    return VenueRefusal(400, "INVALID_PRICE", message)


def invalid_market(message: str = "Invalid market") -> VenueRefusal:
    return VenueRefusal(400, "INVALID_MARKET", message)


def invalid_asset(message: str = "Invalid asset") -> VenueRefusal:
    return VenueRefusal(400, "INVALID_ASSET", message)


def order_limit() -> VenueRefusal:
    return VenueRefusal(400, "ORDER_LIMIT", "Too many open orders")


def position_limit() -> VenueRefusal:
    return VenueRefusal(400, "POSITION_LIMIT", "Position limit exceeded")


def borrow_limit() -> VenueRefusal:
    return VenueRefusal(400, "BORROW_LIMIT", "Borrow limit exceeded")


def lend_limit() -> VenueRefusal:
    return VenueRefusal(400, "LEND_LIMIT", "Lend limit exceeded")


def borrow_requires_redeem() -> VenueRefusal:
    return VenueRefusal(400, "BORROW_REQUIRES_LEND_REDEEM", "Borrowing requires redeeming the existing lend")


def lend_requires_repay() -> VenueRefusal:
    return VenueRefusal(400, "LEND_REQUIRES_BORROW_REPAY", "Lending requires repaying the existing borrow")


def trading_paused(message: str = "Trading is paused for this market") -> VenueRefusal:
    return VenueRefusal(400, "TRADING_PAUSED", message)


def account_liquidating() -> VenueRefusal:
    return VenueRefusal(400, "ACCOUNT_LIQUIDATING", "Account is being liquidated")


def account_suspended() -> VenueRefusal:
    """Asked for by an account whose trading the exchange has suspended."""
    return trading_paused("Trading is suspended for this account")


def no_permission(kind: str) -> VenueRefusal:
    """400 where one would expect 403: the specification lists no other for orders, strategies, RFQs and loans."""
    return VenueRefusal(400, "FORBIDDEN", f"Account has no permission for {kind} trading")
