"""What is owned, largest value first."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.account import Balance, Collateral, CollateralAsset
from bpx_tui.model.views import AccountView
from bpx_tui.ui.formatting import fixed, percent
from bpx_tui.ui.palette import Role
from bpx_tui.ui.tables.columns import Cell, Cells, Column

COLUMNS = (
    Column("Asset", 8, right=False),
    Column("Available", 18),
    Column("In orders", 16),
    Column("Total", 18, rank=1),
    Column("Price", 12, rank=3),
    Column("Value", 14),
    Column("Counts as margin", 17, rank=4),
    Column("Lent", 14, rank=5),
)


def rows_of(account: AccountView) -> tuple[Balance, ...]:
    """Balances that are not empty, by value where it is known, then by name."""
    kept = [each for each in account.balances or () if each.total]
    marks = _by_asset(account.collateral)
    return tuple(sorted(kept, key=lambda each: (-_value(each, marks), each.asset)))


def cells_of(balance: Balance, account: AccountView) -> Cells:
    asset = _by_asset(account.collateral).get(balance.asset)
    decimals = 2 if balance.asset in {"USDC", "USDT", "USD"} else 6
    mark = asset.mark if asset else None
    return (
        Cell(balance.asset, bold=True),
        Cell(fixed(balance.available, decimals)),
        Cell(fixed(balance.locked, decimals), Role.TEXT if balance.locked else Role.MUTED),
        Cell(fixed(balance.total, decimals)),
        Cell("—" if mark is None else f"${fixed(mark, 4 if mark < 10 else 2)}", Role.MUTED),
        Cell("—" if mark is None else f"${fixed(balance.total * mark, 2)}"),
        Cell("—" if asset is None else percent(asset.weight, 0, sign=False), Role.MUTED),
        Cell("—" if asset is None or not asset.lend_quantity else fixed(asset.lend_quantity, decimals), Role.MUTED),
    )


def _by_asset(collateral: Collateral | None) -> dict[str, CollateralAsset]:
    return {} if collateral is None else {each.asset: each for each in collateral.assets}


def _value(balance: Balance, marks: dict[str, CollateralAsset]) -> Decimal:
    asset = marks.get(balance.asset)
    return balance.total * asset.mark if asset else Decimal(0)
