"""What is owned and what is owed, largest value first."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.account import Balance, Collateral, CollateralAsset
from bpx_tui.model.estimate import net_lent
from bpx_tui.model.ids import Asset
from bpx_tui.model.views import AccountView
from bpx_tui.ui.formatting import fit_quantity, fixed, percent
from bpx_tui.ui.palette import Role
from bpx_tui.ui.tables.columns import Cell, Cells, Column

_QUANTITY = 14
"""Cells of a quantity: as many decimals as leave its digits in sight, and the debt too beside a laptop's ticket."""

COLUMNS = (
    Column("Asset", 8, right=False),
    Column("Available", _QUANTITY),
    Column("In orders", _QUANTITY),
    Column("Total", _QUANTITY, rank=2),
    Column("Price", 12, rank=3),
    Column("Value", 14),
    Column("Owed", _QUANTITY, rank=1),
    Column("Lent", _QUANTITY, rank=4),
    Column("Counts as margin", 17, rank=5),
)
_ZERO = Decimal(0)


def rows_of(account: AccountView) -> tuple[Balance, ...]:
    """What is held, lent or owed, by value where it is known, then by name. Lent money leaves the balances."""
    marks, loans = _marks(account), net_lent(account)
    held = {each.asset: each for each in account.balances or ()}
    every = (held.get(asset, Balance(asset, _ZERO, _ZERO, _ZERO)) for asset in {*held, *loans})
    kept = [each for each in every if each.total or loans.get(each.asset)]
    return tuple(sorted(kept, key=lambda each: (-_value(each, marks, loans), each.asset)))


def cells_of(balance: Balance, account: AccountView) -> Cells:
    """The total holds what is lent; the value is what is left of it when debts are paid."""
    collateral, marks, loans = _by_asset(account.collateral), _marks(account), net_lent(account)
    asset, mark, net = collateral.get(balance.asset), marks.get(balance.asset), loans.get(balance.asset, _ZERO)
    decimals = 2 if balance.asset in {"USDC", "USDT", "USD"} else 6
    lent, value = max(_ZERO, net), _value(balance, marks, loans)
    return (
        Cell(balance.asset, bold=True),
        Cell(fit_quantity(balance.available, decimals, _QUANTITY)),
        Cell(fit_quantity(balance.locked, decimals, _QUANTITY), Role.TEXT if balance.locked else Role.MUTED),
        Cell(fit_quantity(balance.total + lent, decimals, _QUANTITY)),
        Cell("—" if mark is None else f"${fixed(mark, 4 if mark < 10 else 2)}", Role.MUTED),
        Cell(
            "—" if mark is None else f"{'-' if value < 0 else ''}${fixed(abs(value), 2)}",
            Role.WARNING if net < 0 else Role.TEXT,
        ),
        _owed(None if account.loans is None else -net, decimals),
        Cell(fit_quantity(lent, decimals, _QUANTITY) if lent else "—", Role.MUTED),
        Cell("—" if asset is None else percent(asset.weight, 0, sign=False), Role.MUTED),
    )


def _owed(quantity: Decimal | None, decimals: int) -> Cell:
    if quantity is None:
        return Cell("unknown", Role.MUTED)
    return Cell(fit_quantity(quantity, decimals, _QUANTITY), Role.WARNING) if quantity > 0 else Cell("—", Role.MUTED)


def _marks(account: AccountView) -> dict[Asset, Decimal]:
    """Prices from the same reading as the quantities."""
    marks = {each.asset: each.mark for each in account.loans or ()}
    return marks | {asset: each.mark for asset, each in _by_asset(account.collateral).items()}


def _by_asset(collateral: Collateral | None) -> dict[Asset, CollateralAsset]:
    return {} if collateral is None else {each.asset: each for each in collateral.assets}


def _value(balance: Balance, marks: dict[Asset, Decimal], loans: dict[Asset, Decimal]) -> Decimal:
    return (balance.total + loans.get(balance.asset, _ZERO)) * marks.get(balance.asset, _ZERO)
