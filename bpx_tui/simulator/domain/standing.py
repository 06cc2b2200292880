"""What an account may trade: suspended by the exchange, or without the permission for one kind of trading.

Nothing of this is documented but the words: expiry reasons `AccountTradingSuspended` and `UserPermissions`, error codes
`TRADING_PAUSED` and `FORBIDDEN`. A suspended account trades nothing and takes on no new debt; a permission withdrawn
closes one kind of market, or borrowing. Cancels, reads and withdrawals of what is free are never affected.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bpx_tui.model.enums import ExpiryReason, MarketKind
from bpx_tui.simulator.domain.refusals import VenueRefusal, account_suspended, no_permission


class Permission(StrEnum):
    """A kind of trading that a user may be without. `MARGIN` is borrowing, by hand or for an order."""

    SPOT = "spot"
    PERP = "perp"
    MARGIN = "margin"
    RFQ = "rfq"
    PREDICTION = "prediction"


_OF_KIND = {
    MarketKind.SPOT: Permission.SPOT,
    MarketKind.RFQ: Permission.RFQ,
    MarketKind.PREDICTION: Permission.PREDICTION,
}


def needed_in(kind: MarketKind) -> Permission:
    """The permission that trading in such a market takes; all futures take the same."""
    return _OF_KIND.get(kind, Permission.PERP)


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account may not do. `until_us` is exchange time; `None` lasts until something else is said."""

    suspended: bool = False
    withdrawn: tuple[Permission, ...] = ()
    until_us: int | None = None

    def bars(self, permission: Permission, now_us: int) -> ExpiryReason | None:
        """Why an order that takes this permission may not live now; `None` where it may."""
        if self.until_us is not None and now_us >= self.until_us:
            return None
        if self.suspended:
            return ExpiryReason.ACCOUNT_TRADING_SUSPENDED
        return ExpiryReason.USER_PERMISSIONS if permission in self.withdrawn else None

    def refusal(self, permission: Permission, now_us: int) -> VenueRefusal | None:
        """The answer to somebody who asks for what is barred."""
        match self.bars(permission, now_us):
            case None:
                return None
            case ExpiryReason.USER_PERMISSIONS:
                return no_permission(permission)
            case _:
                return account_suspended()


GOOD = Standing()
