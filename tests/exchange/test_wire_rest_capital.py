"""Deposits, withdrawals and limits, from the recorded answers to values, and the bodies that change settings."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from bpx_tui.errors import InputError, UnreadableReply
from bpx_tui.exchange import wire_rest_capital as wire
from bpx_tui.exchange.wire_rest import decode_one, decode_rows
from bpx_tui.model.capital import BankPayout, Deposit, Wallet, WithdrawalDelay
from bpx_tui.model.enums import Blockchain, DepositStatus, WithdrawalStatus
from bpx_tui.model.ids import Asset, DepositId
from tests.exchange.rest_samples import Decoder, one, rows, sample

D = Decimal
OWN = "0xfBe7CbfCde93c8a4204a4be6B56732Eb32690170"
DECODERS: dict[str, Decoder] = {
    "get_deposits.json": rows(wire.deposit),
    "get_deposit_address.json": one(wire.deposit_address),
    "get_withdrawals.json": rows(wire.withdrawal),
    "request_withdrawal.json": one(wire.withdrawal),
    "get_withdrawal_delay.json": one(wire.withdrawal_delay),
    "get_wallets.json": rows(wire.wallet),
    "get_max_borrow_quantity.json": one(wire.max_borrow_quantity),
    "get_max_withdrawal_quantity.json": one(wire.max_withdrawal_quantity),
}


def test_a_deposit_from_a_chain() -> None:
    (deposit,) = decode_rows(sample("get_deposits.json"), wire.deposit)
    assert deposit == Deposit(
        deposit_id=DepositId(6695353),
        asset=Asset("USDC"),
        quantity=D(120),
        source="ethereum",
        status=DepositStatus.CONFIRMED,
        created_us=1_753_278_954_267_000,
        to_address=OWN,
        from_address="0x2e3ab3e88a7dbdc763aadf5b28c18fb085af420a",
        transaction_hash="0x58edaac415398d617b34c6673fffcaf0024990d5700565030119db5cbf3765d1",
        fiat_amount=None,
        fiat_currency=None,
        institution_bic=None,
        platform_memo=None,
    )


@pytest.mark.parametrize("amount", ["120.1", "0.3", "99999999.99", "120"])
def test_a_fiat_amount_comes_as_a_bare_number_and_stays_exact(amount: str) -> None:
    raw = sample("get_deposits.json").replace(b'"fiatAmount": null', f'"fiatAmount": {amount}'.encode())
    (deposit,) = decode_rows(raw.replace(b'"fiatCurrency": null', b'"fiatCurrency": "EUR"'), wire.deposit)
    assert (deposit.fiat_amount, deposit.fiat_currency) == (D(amount), "EUR")


def test_a_withdrawal_is_pending_and_later_has_a_hash() -> None:
    pending = decode_one(sample("request_withdrawal.json"), wire.withdrawal)
    (sent,) = decode_rows(sample("get_withdrawals.json"), wire.withdrawal)
    assert (pending.withdrawal_id, pending.asset, pending.quantity, pending.fee) == (5479929, "USDC", D(10), D(3))
    assert (pending.status, pending.transaction_hash) == (WithdrawalStatus.PENDING, None)
    assert (sent.withdrawal_id, sent.status, sent.blockchain) == (5479929, WithdrawalStatus.CONFIRMED, "Ethereum")
    assert sent.transaction_hash == "0x658b6d082af4afa0d3cf85caf344ff7c19d980117726bf193b00d8850f8746a1"
    assert (sent.is_internal, sent.payout, sent.trigger_us) == (False, None, None)
    assert sent.created_us == 1_755_113_233_817_000


def test_a_withdrawal_to_a_bank_tells_the_banks_side() -> None:
    record = json.loads(sample("request_withdrawal.json"))
    record.update(fiatFee="1.5", fiatSymbol="EUR", fiatState="processing", bankName="A bank", blockchain="EqualsMoney")
    decoded = decode_one(json.dumps(record).encode(), wire.withdrawal)
    assert decoded.payout == BankPayout(D("1.5"), "EUR", "processing", None, "A bank", None, None)
    assert decoded.blockchain is Blockchain.EQUALS_MONEY


def test_a_withdrawal_that_waits_says_until_when() -> None:
    raw = sample("request_withdrawal.json").replace(b'"triggerAt": null', b'"triggerAt": "2025-08-14T19:27:13.817"')
    decoded = decode_one(raw, wire.withdrawal)
    assert decoded.trigger_us == decoded.created_us + 24 * 3600 * 1_000_000


def test_a_delay_and_the_change_to_come() -> None:
    assert decode_one(sample("get_withdrawal_delay.json"), wire.withdrawal_delay) == WithdrawalDelay(24, None, None)
    record = {"pendingWithdrawalDelayHours": 1, "pendingWithdrawalDelayHoursEnabledAt": "2026-06-01T12:00:00"}
    changing = decode_one(json.dumps(record).encode(), wire.withdrawal_delay)
    assert changing == WithdrawalDelay(None, 1, 1_780_315_200_000_000)


def test_an_address_is_what_the_exchange_sent() -> None:
    assert decode_one(sample("get_deposit_address.json"), wire.deposit_address) == OWN
    solana, _ = decode_rows(sample("get_wallets.json"), wire.wallet)
    assert solana == Wallet(Blockchain.SOLANA, "43DbAvKxhXh1oSxkJSqGosNw3HpBnmsWiak6tB5wpecN")


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        f"{OWN} ",
        OWN[:20] + "\u200b" + OWN[20:],
        OWN[:-1] + "\u043e",
        f"{OWN}\x1b[2K",
        "x" * 257,
        None,
        5,
        [OWN],
    ],
)
def test_money_is_never_sent_to_what_is_not_exactly_an_address(address: object) -> None:
    with pytest.raises(UnreadableReply, match="address is not an address"):
        decode_one(json.dumps({"address": address}).encode(), wire.deposit_address)


def test_limits() -> None:
    assert decode_one(sample("get_max_borrow_quantity.json"), wire.max_borrow_quantity) == D("1250.5")
    assert decode_one(sample("get_max_withdrawal_quantity.json"), wire.max_withdrawal_quantity) == D("118.5")


def settings(**changes: bool | Decimal | None) -> dict[str, object]:
    unset = dict.fromkeys(("auto_borrow_settlements", "auto_lend", "auto_repay_borrows", "leverage_limit"))
    return {k: v for k, v in wire.encode_settings(**{**unset, **changes}).items() if v is not None}  # type: ignore[arg-type]


def test_only_the_settings_that_are_given_change() -> None:
    assert settings(auto_lend=False) == {"autoLend": False}
    assert settings(leverage_limit=D("2E+1")) == {"leverageLimit": "20"}
    assert settings(auto_borrow_settlements=True, auto_repay_borrows=True) == {
        "autoBorrowSettlements": True,
        "autoRepayBorrows": True,
    }


def test_a_change_of_nothing_or_of_no_leverage_is_no_change() -> None:
    with pytest.raises(InputError, match="No setting"):
        settings()
    for leverage in (D(0), D(-5), D("NaN")):
        with pytest.raises(InputError, match="leverage"):
            settings(leverage_limit=leverage)
