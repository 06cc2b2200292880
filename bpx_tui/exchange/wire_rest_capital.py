"""Deposits, withdrawals and limits over REST: what is sent, and what comes back. Source: PROTOCOL 5.6 and 5.8."""

from __future__ import annotations

import re
from decimal import Decimal

from bpx_tui.errors import InputError, UnreadableReply
from bpx_tui.exchange.body_fields import optional_money
from bpx_tui.exchange.fields import (
    Record,
    asset,
    decimal,
    integer,
    micros,
    needed_flag,
    optional_decimal,
    optional_integer,
    optional_micros,
    optional_text,
    text,
    word,
)
from bpx_tui.exchange.signing import Scalar
from bpx_tui.model.capital import BankPayout, Deposit, Wallet, Withdrawal, WithdrawalDelay
from bpx_tui.model.enums import Blockchain, DepositStatus, WithdrawalStatus
from bpx_tui.model.ids import DepositId, WithdrawalId

LONGEST_ADDRESS = 256
LONGEST_CLIENT_ID = 255
_HASH = 128
_ADDRESS = re.compile(rf"[!-~]{{1,{LONGEST_ADDRESS}}}", re.ASCII)


def encode_settings(
    *,
    auto_borrow_settlements: bool | None,
    auto_lend: bool | None,
    auto_repay_borrows: bool | None,
    leverage_limit: Decimal | None,
) -> dict[str, Scalar]:
    """The body of a change of the account's settings.

    Raises:
        InputError: nothing is to be changed, or the leverage cannot be written in plain digits.
    """
    body: dict[str, Scalar] = {
        "autoBorrowSettlements": auto_borrow_settlements,
        "autoLend": auto_lend,
        "autoRepayBorrows": auto_repay_borrows,
        "leverageLimit": optional_money(leverage_limit, "leverage"),
    }
    if all(value is None for value in body.values()):
        raise InputError("No setting is to be changed.")
    return body


def deposit(record: Record) -> Deposit:
    return Deposit(
        deposit_id=DepositId(integer(record, "id")),
        asset=asset(record),
        quantity=decimal(record, "quantity"),
        source=text(record, "source"),
        status=word(record, "status", DepositStatus),
        created_us=micros(record, "createdAt"),
        to_address=optional_text(record, "toAddress", LONGEST_ADDRESS),
        from_address=optional_text(record, "fromAddress", LONGEST_ADDRESS),
        transaction_hash=optional_text(record, "transactionHash", _HASH),
        fiat_amount=optional_decimal(record, "fiatAmount"),
        fiat_currency=optional_text(record, "fiatCurrency", 32),
        institution_bic=optional_text(record, "institutionBic"),
        platform_memo=optional_text(record, "platformMemo", 200),
    )


def withdrawal(record: Record) -> Withdrawal:
    return Withdrawal(
        withdrawal_id=WithdrawalId(integer(record, "id")),
        asset=asset(record),
        quantity=decimal(record, "quantity"),
        fee=decimal(record, "fee"),
        blockchain=word(record, "blockchain", Blockchain),
        status=word(record, "status", WithdrawalStatus),
        to_address=text(record, "toAddress", LONGEST_ADDRESS),
        is_internal=needed_flag(record, "isInternal"),
        created_us=micros(record, "createdAt"),
        trigger_us=optional_micros(record, "triggerAt"),
        identifier=optional_text(record, "identifier", _HASH),
        transaction_hash=optional_text(record, "transactionHash", _HASH),
        client_id=optional_text(record, "clientId", LONGEST_CLIENT_ID),
        subaccount_id=optional_integer(record, "subaccountId"),
        payout=_payout(record),
    )


def _payout(record: Record) -> BankPayout | None:
    payout = BankPayout(
        fee=optional_decimal(record, "fiatFee"),
        currency=optional_text(record, "fiatSymbol", 32),
        state=optional_text(record, "fiatState"),
        provider_id=optional_text(record, "providerId"),
        bank_name=optional_text(record, "bankName", 200),
        bank_identifier=optional_text(record, "bankIdentifier"),
        account_identifier=optional_text(record, "accountIdentifier"),
    )
    return None if payout == _NO_BANK else payout


_NO_BANK = BankPayout(None, None, None, None, None, None, None)


def withdrawal_delay(record: Record) -> WithdrawalDelay:
    return WithdrawalDelay(
        current_hours=optional_integer(record, "currentWithdrawalDelayHours"),
        pending_hours=optional_integer(record, "pendingWithdrawalDelayHours"),
        pending_from_us=optional_micros(record, "pendingWithdrawalDelayHoursEnabledAt"),
    )


def deposit_address(record: Record) -> str:
    """An address that money will be sent to: exactly as it came, or not at all."""
    value = record.get("address")
    if not isinstance(value, str) or _ADDRESS.fullmatch(value) is None:
        raise UnreadableReply("address is not an address of plain characters.")
    return value


def wallet(record: Record) -> Wallet:
    return Wallet(word(record, "blockchain", Blockchain), deposit_address(record))


def max_borrow_quantity(record: Record) -> Decimal:
    return decimal(record, "maxBorrowQuantity")


def max_withdrawal_quantity(record: Record) -> Decimal:
    return decimal(record, "maxWithdrawalQuantity")
