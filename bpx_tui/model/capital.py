"""Money that comes to the exchange and leaves it. Quantities are positive, in the asset. Source: PROTOCOL 5.8.

Addresses and hashes of past transfers are for reading. One that money may be sent to comes only from
`deposit_address`, which gives it whole and unchanged or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.enums import Blockchain, DepositStatus, WithdrawalStatus
from bpx_tui.model.ids import Asset, DepositId, WithdrawalId


@dataclass(frozen=True, slots=True)
class Deposit:
    """One deposit. `source` is a blockchain in camel case (`solana`, `xRP`), a payment processor, or `internal`.

    `fiat_amount` is in `fiat_currency`, for deposits that began as money of a bank.
    """

    deposit_id: DepositId
    asset: Asset
    quantity: Decimal
    source: str
    status: DepositStatus | str
    created_us: int
    to_address: str | None
    from_address: str | None
    transaction_hash: str | None
    fiat_amount: Decimal | None
    fiat_currency: str | None
    institution_bic: str | None
    platform_memo: str | None


@dataclass(frozen=True, slots=True)
class BankPayout:
    """The bank's side of a withdrawal that is paid out as fiat money; what is not told is `None`."""

    fee: Decimal | None
    currency: str | None
    state: str | None
    provider_id: str | None
    bank_name: str | None
    bank_identifier: str | None
    account_identifier: str | None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One withdrawal, however it was asked for. `fee` is in the asset too.

    `identifier` and `transaction_hash` are there once it was sent, `trigger_us` while a delay holds it back, `payout`
    where a bank is involved.
    """

    withdrawal_id: WithdrawalId
    asset: Asset
    quantity: Decimal
    fee: Decimal
    blockchain: Blockchain | str
    status: WithdrawalStatus | str
    to_address: str
    is_internal: bool
    created_us: int
    trigger_us: int | None
    identifier: str | None
    transaction_hash: str | None
    client_id: str | None
    subaccount_id: int | None
    payout: BankPayout | None


@dataclass(frozen=True, slots=True)
class WithdrawalDelay:
    """Hours that withdrawals to addresses not on the account's list wait, and the change that is to come."""

    current_hours: int | None
    pending_hours: int | None
    pending_from_us: int | None


@dataclass(frozen=True, slots=True)
class Wallet:
    """One of the exchange's own wallets. Deposits go to the account's own address instead."""

    blockchain: Blockchain | str
    address: str
