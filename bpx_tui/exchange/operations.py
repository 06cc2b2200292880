"""Every operation of Backpack's REST interface: where it is, what signs it, what it costs.

Source: openapi.yml, by `operationId`. Instruction names stand only in the prose of each operation there. Paths are the
whole path below the host. Three operations are documented without an instruction although they are private
(`get_borrow_lend_estimated_liquidation_price`, `*_withdrawal_delay`): they take a web session, not an API key.
"""

from __future__ import annotations

from typing import NamedTuple

WITHDRAW = "withdraw"
"""The one instruction that this program never signs."""

SUBSCRIBE = "subscribe"
"""Signs a subscription to private streams; belongs to no REST operation."""


class Operation(NamedTuple):
    """One operation.

    Attributes:
        instruction: what is signed, or `None` for an operation that no API key can sign.
        historical: whether it counts against the allowance for historical market data, 30 a minute, as well.
        cost: how many requests of the account's 2,000 a minute one call uses: one, as nothing documents another weight.
    """

    operation_id: str
    method: str
    path: str
    instruction: str | None
    historical: bool = False
    cost: int = 1

    @property
    def signed(self) -> bool:
        return self.instruction is not None


_ROWS = """
GET    /api/v1/account                              get_account                       accountQuery
PATCH  /api/v1/account                              update_account_settings           accountUpdate
POST   /api/v1/account/convertDust                  convert_dust                      convertDust
GET    /api/v1/account/limits/borrow                get_max_borrow_quantity           maxBorrowQuantity
GET    /api/v1/account/limits/order                 get_max_order_quantity            maxOrderQuantity
GET    /api/v1/account/limits/withdrawal            get_max_withdrawal_quantity       maxWithdrawalQuantity
GET    /api/v1/assets                               get_assets                        -
GET    /api/v1/borrowLend/apy                       get_apy_rates                     -
GET    /api/v1/borrowLend/markets                   get_borrow_lend_markets           -
GET    /api/v1/borrowLend/markets/history           get_borrow_lend_markets_history   -
GET    /api/v1/borrowLend/position/liquidationPrice get_borrow_lend_estimated_liquidation_price -
GET    /api/v1/borrowLend/positions                 get_borrow_lend_positions         borrowLendPositionQuery
POST   /api/v1/borrowLend                           execute_borrow_lend               borrowLendExecute
GET    /api/v1/capital                              get_balances                      balanceQuery
GET    /api/v1/capital/collateral                   get_collateral                    collateralQuery
GET    /api/v1/collateral                           get_collateral_parameters         -
GET    /api/v1/depth                                get_depth                         -
GET    /api/v1/fundingRates                         get_funding_interval_rates        -
GET    /api/v1/klines                               get_klines                        -
GET    /api/v1/markPrices                           get_mark_prices                   -
GET    /api/v1/market                               get_market                        -
GET    /api/v1/market-sessions                      get_market_sessions               -
GET    /api/v1/markets                              get_markets                       -
GET    /api/v1/openInterest                         get_open_interest                 -
GET    /api/v1/order                                get_order                         orderQuery
POST   /api/v1/order                                execute_order                     orderExecute
DELETE /api/v1/order                                cancel_order                      orderCancel
GET    /api/v1/orders                               get_open_orders                   orderQueryAll
POST   /api/v1/orders                               execute_order_batch               orderExecute
DELETE /api/v1/orders                               cancel_open_orders                orderCancelAll
GET    /api/v1/ping                                 ping                              -
GET    /api/v1/position                             get_positions                     positionQuery
GET    /api/v1/prediction                           get_prediction_events             -
GET    /api/v1/prediction/tags                      get_prediction_tags               -
POST   /api/v1/rfq                                  submit_rfq                        rfqSubmit
POST   /api/v1/rfq/accept                           accept_quote                      quoteAccept
POST   /api/v1/rfq/cancel                           cancel_rfq                        rfqCancel
POST   /api/v1/rfq/quote                            submit_quote                      quoteSubmit
POST   /api/v1/rfq/refresh                          refresh_rfq                       rfqRefresh
GET    /api/v1/rfqs                                 get_open_rfqs                     rfqQuery
GET    /api/v1/securities                           get_securities                    -
GET    /api/v1/status                               get_status                        -
GET    /api/v1/strategies                           get_open_strategies               strategyQueryAll
DELETE /api/v1/strategies                           cancel_open_strategies            strategyCancelAll
GET    /api/v1/strategy                             get_strategy                      strategyQuery
POST   /api/v1/strategy                             strategy_create                   strategyCreate
DELETE /api/v1/strategy                             cancel_strategy                   strategyCancel
GET    /api/v1/ticker                               get_ticker                        -
GET    /api/v1/tickers                              get_tickers                       -
GET    /api/v1/time                                 get_time                          -
GET    /api/v1/trades                               get_recent_trades                 -
GET    /api/v1/trades/history                       get_historical_trades             -
POST   /api/v1/vault/mint                           vault_mint                        vaultMint
GET    /api/v1/vault/nav                            get_vault_nav                     vaultNavQuery
POST   /api/v1/vault/redeem                         vault_redeem                      vaultRedeemRequest
DELETE /api/v1/vault/redeem                         vault_redeem_cancel               vaultRedeemCancel
GET    /api/v1/vault/redeems/pending                get_vault_pending_redeems         vaultPendingRedeemsQuery
GET    /api/v1/vaults                               get_vaults                        -
GET    /api/v1/vaults/history                       get_vault_history                 -
GET    /api/v1/wallets                              get_wallets                       -
GET    /wapi/v1/capital/deposit/address             get_deposit_address               depositAddressQuery
GET    /wapi/v1/capital/deposits                    get_deposits                      depositQueryAll
GET    /wapi/v1/capital/withdrawals                 get_withdrawals                   withdrawalQueryAll
POST   /wapi/v1/capital/withdrawals                 request_withdrawal                withdraw
GET    /wapi/v1/capital/withdrawals/delay           get_withdrawal_delay              -
POST   /wapi/v1/capital/withdrawals/delay           create_withdrawal_delay           -
PATCH  /wapi/v1/capital/withdrawals/delay           update_withdrawal_delay           -
GET    /wapi/v1/history/borrowLend                  get_borrow_lend_history           borrowHistoryQueryAll
GET    /wapi/v1/history/borrowLend/positions        get_borrow_lend_position_history  borrowPositionHistoryQueryAll
GET    /wapi/v1/history/dust                        get_dust_history                  dustHistoryQueryAll
GET    /wapi/v1/history/fills                       get_fills                         fillHistoryQueryAll
GET    /wapi/v1/history/funding                     get_funding_payments              fundingHistoryQueryAll
GET    /wapi/v1/history/interest                    get_interest_history              interestHistoryQueryAll
GET    /wapi/v1/history/orders                      get_order_history                 orderHistoryQueryAll
GET    /wapi/v1/history/position                    get_position_history              positionHistoryQueryAll
GET    /wapi/v1/history/quote                       get_quote_history                 quoteHistoryQueryAll
GET    /wapi/v1/history/quote/fill                  get_quote_fill_history            quoteFillHistoryQueryAll
GET    /wapi/v1/history/rfq                         get_rfq_history                   rfqHistoryQueryAll
GET    /wapi/v1/history/rfq/fill                    get_rfq_fill_history              rfqFillHistoryQueryAll
GET    /wapi/v1/history/settlement                  get_settlement_history            settlementHistoryQueryAll
GET    /wapi/v1/history/strategies                  get_strategies_history            strategyHistoryQueryAll
"""

# The allowance's text says "historical market data" and names no paths; these are the public ones that go back in time.
_HISTORICAL = frozenset(
    {
        "get_klines",
        "get_historical_trades",
        "get_funding_interval_rates",
        "get_borrow_lend_markets_history",
        "get_vault_history",
    }
)


def _operation(row: str) -> Operation:
    method, path, operation_id, instruction = row.split()
    return Operation(
        operation_id,
        method,
        path,
        None if instruction == "-" else instruction,
        historical=operation_id in _HISTORICAL,
    )


OPERATIONS: dict[str, Operation] = {
    operation.operation_id: operation for operation in map(_operation, _ROWS.strip().splitlines())
}
"""By `operationId`."""

READ_ONLY_INSTRUCTIONS = frozenset(
    {operation.instruction for operation in OPERATIONS.values() if operation.method == "GET" and operation.instruction}
    | {SUBSCRIBE}
)
"""What a session that may look but not trade signs."""

TRADING_INSTRUCTIONS = READ_ONLY_INSTRUCTIONS | {
    operation.instruction
    for operation in OPERATIONS.values()
    if operation.instruction and operation.instruction != WITHDRAW
}
"""Everything but the request of a withdrawal."""
