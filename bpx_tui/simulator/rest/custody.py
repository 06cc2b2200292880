"""Money in and out: deposits, withdrawals, the withdrawal delay, the exchange's own wallets, dust."""

from __future__ import annotations

from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.history.units import plain, shortest
from bpx_tui.simulator.products.custody import Delay, DepositRecord, NewWithdrawal, WithdrawalRecord
from bpx_tui.simulator.products.dust import DustConversion
from bpx_tui.simulator.rest.accounts import account_info, need_asset
from bpx_tui.simulator.rest.answers import Reply, empty_reply, json_reply
from bpx_tui.simulator.rest.fields import INT32, INT64, UINT32, Fields
from bpx_tui.simulator.rest.paging import page_reply
from bpx_tui.simulator.rest.routing import Call, Route, public, session, signed
from bpx_tui.simulator.rest.times import naive_iso

_WITHDRAWAL = frozenset(
    {
        "address",
        "autoBorrow",
        "autoLendRedeem",
        "blockchain",
        "clientId",
        "quantity",
        "recipientInformation",
        "symbol",
        "twoFactorToken",
    }
)
_DELAY = frozenset({"twoFactorToken", "withdrawalDelayHours"})
_EXCHANGE = AccountId("exchange")


def deposits(call: Call) -> Reply:
    query = call.query
    since_ms, until_ms = query.integer("from", INT64), query.integer("to", INT64)
    own_only = query.boolean("excludePlatform") or False
    found = [
        row
        for row in call.exchange.desks.custody.deposits(call.account)
        if (since_ms is None or row.created_us >= since_ms * 1000)
        and (until_ms is None or row.created_us <= until_ms * 1000)
        and not (own_only and row.source == "internal")
    ]
    return page_reply(call, found, _deposit, with_headers=False)


def _deposit(row: DepositRecord) -> dict[str, object]:
    return {
        "createdAt": naive_iso(row.created_us),
        "fiatAmount": None,
        "fiatCurrency": None,
        "fromAddress": row.from_address,
        "id": row.id,
        "institutionBic": None,
        "platformMemo": None,
        "quantity": shortest(row.quantity),
        "source": row.source,
        "status": row.status,
        "symbol": row.asset,
        "toAddress": row.to_address,
        "transactionHash": row.transaction_hash,
    }


def deposit_address(call: Call) -> Reply:
    blockchain = _need_blockchain(call, call.query)
    return json_reply({"address": call.exchange.desks.custody.address(call.account, blockchain)})


def _need_blockchain(call: Call, fields: Fields) -> str:
    return fields.need_one_of("blockchain", call.exchange.desks.custody.blockchains(), "Blockchain")


def wallets(call: Call) -> Reply:
    custody = call.exchange.desks.custody
    return json_reply(
        [{"blockchain": name, "address": custody.address(_EXCHANGE, name)} for name in custody.blockchains()]
    )


def withdrawals(call: Call) -> Reply:
    query, info = call.query, account_info(call)
    number, client_id = query.integer("id", INT32), query.text("clientId")
    since_ms, until_ms = query.integer("from", INT64), query.integer("to", INT64)
    found = [
        row
        for row in call.exchange.desks.custody.withdrawals(call.account)
        if number in (None, row.id)
        and client_id in (None, row.terms.client_id)
        and (since_ms is None or row.created_us >= since_ms * 1000)
        and (until_ms is None or row.created_us <= until_ms * 1000)
    ]
    return page_reply(call, found, lambda row: _withdrawal(row, info.subaccount_id), with_headers=False)


def withdraw(call: Call) -> Reply:
    fields = call.body("AccountWithdrawalPayload", _WITHDRAWAL)
    terms = NewWithdrawal(
        asset=need_asset(call, fields),
        blockchain=_need_blockchain(call, fields),
        address=fields.need_text("address"),
        quantity=fields.need_decimal("quantity"),
        client_id=fields.text("clientId"),
        two_factor_token=fields.text("twoFactorToken"),
        auto_borrow=fields.boolean("autoBorrow") or False,
        auto_lend_redeem=fields.boolean("autoLendRedeem") or False,
    )
    row = call.exchange.desks.custody.withdraw(call.account, terms)
    return json_reply(_withdrawal(row, account_info(call).subaccount_id))


def _withdrawal(row: WithdrawalRecord, subaccount_id: int | None) -> dict[str, object]:
    nothing = dict.fromkeys(
        (
            "accountIdentifier",
            "bankIdentifier",
            "bankName",
            "fiatFee",
            "fiatState",
            "fiatSymbol",
            "identifier",
            "providerId",
        )
    )
    return nothing | {
        "blockchain": row.terms.blockchain,
        "clientId": row.terms.client_id,
        "createdAt": naive_iso(row.created_us),
        "fee": shortest(row.fee),
        "id": row.id,
        "isInternal": row.is_internal,
        "quantity": shortest(row.terms.quantity),
        "status": row.status,
        "subaccountId": subaccount_id,
        "symbol": row.terms.asset,
        "toAddress": row.terms.address,
        "transactionHash": row.transaction_hash,
        "triggerAt": None if row.trigger_us is None else naive_iso(row.trigger_us),
    }


def delay(call: Call) -> Reply:
    found = call.exchange.desks.custody.delay(call.account)
    return empty_reply(204) if found.current_hours is None else json_reply(_delay(found))


def create_delay(call: Call) -> Reply:
    fields = call.body("CreateWithdrawalDelayRequest", _DELAY)
    hours, token = fields.need_integer("withdrawalDelayHours", UINT32), fields.need_text("twoFactorToken")
    call.exchange.desks.custody.create_delay(call.account, hours, token)
    return empty_reply()


def update_delay(call: Call) -> Reply:
    fields = call.body("UpdateWithdrawalDelayRequest", _DELAY)
    hours, token = fields.need_integer("withdrawalDelayHours", UINT32), fields.need_text("twoFactorToken")
    return json_reply(_delay(call.exchange.desks.custody.update_delay(call.account, hours, token)))


def _delay(found: Delay) -> dict[str, object]:
    return {
        "currentWithdrawalDelayHours": found.current_hours,
        "pendingWithdrawalDelayHours": found.pending_hours,
        "pendingWithdrawalDelayHoursEnabledAt": None
        if found.pending_from_us is None
        else naive_iso(found.pending_from_us),
    }


def convert_dust(call: Call) -> Reply:
    fields = call.body("AccountConvertDustPayload", frozenset({"symbol"}))
    asset = need_asset(call, fields) if "symbol" in fields else None
    call.exchange.desks.dust.convert(call.account, asset)
    return empty_reply()


def dust_history(call: Call) -> Reply:
    number, symbol = call.query.integer("id", INT64), call.query.text("symbol")
    found = [
        row
        for row in call.exchange.desks.dust.history(call.account)
        if number in (None, row.id) and symbol in (None, row.asset)
    ]
    return page_reply(call, found, _dust)


def _dust(row: DustConversion) -> dict[str, object]:
    return {
        "id": row.id,
        "quantity": plain(row.quantity),
        "symbol": row.asset,
        "usdcReceived": plain(row.received),
        "timestamp": naive_iso(row.time_us),
    }


_DELAY_PATH = "/wapi/v1/capital/withdrawals/delay"
ROUTES: tuple[Route, ...] = (
    public("get_wallets", "/api/v1/wallets", wallets),
    signed("get_deposits", "GET", "/wapi/v1/capital/deposits", "depositQueryAll", deposits),
    signed("get_deposit_address", "GET", "/wapi/v1/capital/deposit/address", "depositAddressQuery", deposit_address),
    session("get_withdrawals", "GET", "/wapi/v1/capital/withdrawals", "withdrawalQueryAll", withdrawals),
    signed("request_withdrawal", "POST", "/wapi/v1/capital/withdrawals", "withdraw", withdraw),
    session("get_withdrawal_delay", "GET", _DELAY_PATH, "withdrawalDelayQuery", delay),
    session("create_withdrawal_delay", "POST", _DELAY_PATH, "withdrawalDelayCreate", create_delay),
    session("update_withdrawal_delay", "PATCH", _DELAY_PATH, "withdrawalDelayUpdate", update_delay),
    signed("convert_dust", "POST", "/api/v1/account/convertDust", "convertDust", convert_dust),
    session("get_dust_history", "GET", "/wapi/v1/history/dust", "dustHistoryQueryAll", dust_history),
)
"""No instruction is documented for the withdrawal delay: the names are those that the community client signs."""
