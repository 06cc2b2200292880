"""The exchange's closed sets of words, kept open for words it adds later.

Values are the words of the REST interface. A decoder calls `known`, which answers the member, or the word itself as a
plain `str` where this version does not know it: new words must show up on the screen, not crash it. So a field typed
`OrderStatus | str` is either.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

E = TypeVar("E", bound=StrEnum)


def known(kind: type[E], word: str) -> E | str:
    """The member of `kind` with that value, or the word as it is."""
    try:
        return kind(word)
    except ValueError:
        return word


class Side(StrEnum):
    """The resting side: `BID` buys, `ASK` sells."""

    BID = "Bid"
    ASK = "Ask"

    @property
    def opposite(self) -> Side:
        return Side.ASK if self is Side.BID else Side.BID


class OrderKind(StrEnum):
    LIMIT = "Limit"
    MARKET = "Market"


class TimeInForce(StrEnum):
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class SelfTradePrevention(StrEnum):
    REJECT_TAKER = "RejectTaker"
    REJECT_MAKER = "RejectMaker"
    REJECT_BOTH = "RejectBoth"


class TriggerBy(StrEnum):
    LAST = "LastPrice"
    MARK = "MarkPrice"
    INDEX = "IndexPrice"


class SlippageToleranceType(StrEnum):
    TICK_SIZE = "TickSize"
    PERCENT = "Percent"


class OrderStatus(StrEnum):
    """What the exchange says of an order."""

    NEW = "New"
    PARTIALLY_FILLED = "PartiallyFilled"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    EXPIRED = "Expired"
    TRIGGER_PENDING = "TriggerPending"
    TRIGGER_FAILED = "TriggerFailed"


TERMINAL_STATUSES = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.TRIGGER_FAILED}
)


class MarketKind(StrEnum):
    SPOT = "SPOT"
    PERP = "PERP"
    IPERP = "IPERP"
    DATED = "DATED"
    PREDICTION = "PREDICTION"
    RFQ = "RFQ"


class TradingState(StrEnum):
    """A market's `orderBookState`."""

    OPEN = "Open"
    CLOSED = "Closed"
    CANCEL_ONLY = "CancelOnly"
    LIMIT_ONLY = "LimitOnly"
    POST_ONLY = "PostOnly"


class KlineInterval(StrEnum):
    S1 = "1s"
    M1 = "1m"
    M3 = "3m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H2 = "2h"
    H4 = "4h"
    H6 = "6h"
    H8 = "8h"
    H12 = "12h"
    D1 = "1d"
    D3 = "3d"
    W1 = "1w"
    MONTH1 = "1month"


class ExpiryReason(StrEnum):
    """Why the exchange ended an order by itself. Values are shown as they are, split into words."""

    ACCOUNT_TRADING_SUSPENDED = "AccountTradingSuspended"
    BORROW_REQUIRES_LEND_REDEEM = "BorrowRequiresLendRedeem"
    FILL_OR_KILL = "FillOrKill"
    INSUFFICIENT_BORROWABLE_QUANTITY = "InsufficientBorrowableQuantity"
    INSUFFICIENT_FUNDS = "InsufficientFunds"
    INSUFFICIENT_LIQUIDITY = "InsufficientLiquidity"
    INVALID_PRICE = "InvalidPrice"
    INVALID_QUANTITY = "InvalidQuantity"
    IMMEDIATE_OR_CANCEL = "ImmediateOrCancel"
    INSUFFICIENT_MARGIN = "InsufficientMargin"
    LIQUIDATION = "Liquidation"
    NEGATIVE_EQUITY = "NegativeEquity"
    POST_ONLY_MODE = "PostOnlyMode"
    POST_ONLY_TAKER = "PostOnlyTaker"
    PRICE_OUT_OF_BOUNDS = "PriceOutOfBounds"
    REDUCE_ONLY_NOT_REDUCED = "ReduceOnlyNotReduced"
    SELF_TRADE_PREVENTION = "SelfTradePrevention"
    STOP_WITHOUT_POSITION = "StopWithoutPosition"
    PRICE_IMPACT = "PriceImpact"
    UNKNOWN = "Unknown"
    USER_PERMISSIONS = "UserPermissions"
    MAX_STOP_ORDERS_PER_POSITION = "MaxStopOrdersPerPosition"
    POSITION_LIMIT = "PositionLimit"
    SLIPPAGE_TOLERANCE_EXCEEDED = "SlippageToleranceExceeded"


class SortDirection(StrEnum):
    """The order of a history by time. Without one the newest comes first."""

    ASC = "Asc"
    DESC = "Desc"


class PositionState(StrEnum):
    """Of a position in a history, of either kind."""

    OPEN = "Open"
    CLOSED = "Closed"


class SettlementSource(StrEnum):
    """What a settlement was for."""

    TRADING_FEES = "TradingFees"
    TRADING_FEES_SYSTEM = "TradingFeesSystem"
    FUNDING_PAYMENT = "FundingPayment"
    CULLED_BORROW_INTEREST = "CulledBorrowInterest"
    CULLED_REALIZE_PNL_AUTO = "CulledRealizePnlAuto"
    CULLED_REALIZE_PNL_BOOK_UTILISATION = "CulledRealizePnlBookUtilisation"
    CULLED_REALIZE_PNL_ACCOUNT_THRESHOLD = "CulledRealizePnlAccountThreshold"
    CULLED_REALIZE_PNL_SYSTEM_THRESHOLD = "CulledRealizePnlSystemThreshold"
    REALIZE_PNL = "RealizePnl"
    BACKSTOP_PROVIDER_LIQUIDATION = "BackstopProviderLiquidation"
    BACKSTOP_ADL_LIQUIDATION = "BackstopAdlLiquidation"
    BACKSTOP_LIQUIDITY_FUND_PROCEEDS = "BackstopLiquidityFundProceeds"
    SYSTEM_LIABILITY_TRANSFER = "SystemLiabilityTransfer"


class SettlementFilter(StrEnum):
    """Which settlements a history shows: coarser than their sources, and partly other words."""

    BACKSTOP_LIQUIDATION = "BackstopLiquidation"
    CULLED_BORROW_INTEREST = "CulledBorrowInterest"
    CULLED_REALIZE_PNL = "CulledRealizePnl"
    CULLED_REALIZE_PNL_BOOK_UTILIZATION = "CulledRealizePnlBookUtilization"
    FUNDING_PAYMENT = "FundingPayment"
    REALIZE_PNL = "RealizePnl"
    TRADING_FEES = "TradingFees"
    TRADING_FEES_SYSTEM = "TradingFeesSystem"


class InterestKind(StrEnum):
    """What an interest payment was for."""

    ENTRY_FEE = "EntryFee"
    BORROW = "Borrow"
    LEND = "Lend"
    UNREALIZED_POSITIVE_PNL = "UnrealizedPositivePnl"
    UNREALIZED_NEGATIVE_PNL = "UnrealizedNegativePnl"


class InterestSource(StrEnum):
    """Where interest comes from, to filter its history by."""

    UNREALIZED_PNL = "UnrealizedPnl"
    BORROW_LEND = "BorrowLend"


class BorrowLendSide(StrEnum):
    """There is one net position an asset: lending what is borrowed repays it, borrowing what is lent redeems it."""

    BORROW = "Borrow"
    LEND = "Lend"


class BorrowLendEvent(StrEnum):
    BORROW = "Borrow"
    BORROW_REPAY = "BorrowRepay"
    LEND = "Lend"
    LEND_REDEEM = "LendRedeem"


class BorrowLendSource(StrEnum):
    """What moved a borrow/lend position; `MANUAL` is the account itself."""

    ADL_PROVIDER = "AdlProvider"
    AUTO_BORROW_REPAY = "AutoBorrowRepay"
    AUTO_LEND = "AutoLend"
    BACKSTOP_PROVIDER = "BackstopProvider"
    DUST_CONVERSION = "DustConversion"
    INTEREST = "Interest"
    LIQUIDATION = "Liquidation"
    LIQUIDATION_ADL = "LiquidationAdl"
    LIQUIDATION_BACKSTOP = "LiquidationBackstop"
    MANUAL = "Manual"
    RECONCILIATION = "Reconciliation"
    RFQ = "Rfq"
    SPOT_MARGIN = "SpotMargin"
    WITHDRAWAL = "Withdrawal"


class BorrowLendState(StrEnum):
    """Of a borrow/lend market."""

    OPEN = "Open"
    CLOSED = "Closed"
    REPAY_ONLY = "RepayOnly"


class BorrowLendSpan(StrEnum):
    """How far back the history of a borrow/lend market reaches."""

    DAY = "1d"
    WEEK = "1w"
    MONTH = "1month"
    YEAR = "1year"


class DepositStatus(StrEnum):
    CANCELLED = "cancelled"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    EXPIRED = "expired"
    INITIATED = "initiated"
    OWNERSHIP_VERIFICATION_REQUIRED = "ownershipVerificationRequired"
    PENDING = "pending"
    REFUNDED = "refunded"
    SENDER_VERIFICATION_COMPLETED = "senderVerificationCompleted"
    SENDER_VERIFICATION_REQUIRED = "senderVerificationRequired"


class WithdrawalStatus(StrEnum):
    CONFIRMED = "confirmed"
    OWNERSHIP_VERIFICATION_REQUIRED = "ownershipVerificationRequired"
    PENDING = "pending"
    RECIPIENT_INFORMATION_PROVIDED = "recipientInformationProvided"
    RECIPIENT_INFORMATION_REQUIRED = "recipientInformationRequired"


class Blockchain(StrEnum):
    """Where deposits can come from. A deposit tells its source in other words, see `Deposit`."""

    ZERO_G = "0G"
    APTOS = "Aptos"
    ARBITRUM = "Arbitrum"
    AVALANCHE = "Avalanche"
    BASE = "Base"
    BERACHAIN = "Berachain"
    BITCOIN = "Bitcoin"
    BITCOIN_CASH = "BitcoinCash"
    BSC = "Bsc"
    CARDANO = "Cardano"
    DOGECOIN = "Dogecoin"
    ECLIPSE = "Eclipse"
    EQUALS_MONEY = "EqualsMoney"
    ETHEREUM = "Ethereum"
    FOGO = "Fogo"
    HYPER_EVM = "HyperEVM"
    HYPERLIQUID = "Hyperliquid"
    LINEA = "Linea"
    LITECOIN = "Litecoin"
    MONAD = "Monad"
    NEAR = "Near"
    OPTIMISM = "Optimism"
    PLASMA = "Plasma"
    POLYGON = "Polygon"
    SEI = "Sei"
    SUI = "Sui"
    SOLANA = "Solana"
    STABLE = "Stable"
    STORY = "Story"
    TRON = "Tron"
    XRP = "XRP"
    ZCASH = "Zcash"


class StrategyKind(StrEnum):
    SCHEDULED = "Scheduled"
    """TWAP: one slice every interval until the duration is over."""


class StrategyStatus(StrEnum):
    RUNNING = "Running"
    COMPLETED = "Completed"
    CANCELLED = "Cancelled"
    TERMINATED = "Terminated"
    """Ended by the exchange: out of time, or a slice was refused."""


class RfqExecutionMode(StrEnum):
    """Who takes a quote: the requester, or the exchange as soon as one is within the request's price."""

    AWAIT_ACCEPT = "AwaitAccept"
    IMMEDIATE = "Immediate"


class RfqFillType(StrEnum):
    USER = "User"
    COLLATERAL_CONVERSION = "CollateralConversion"


class VaultHistoryInterval(StrEnum):
    """How far back the history of a vault goes."""

    D1 = "1d"
    W1 = "1w"
    MONTH1 = "1month"
    YEAR1 = "1year"


class VaultRedeemStatus(StrEnum):
    REQUESTED = "Requested"
    REDEEMED = "Redeemed"
    CANCELLED = "Cancelled"


class SeriesRecurrence(StrEnum):
    """How often an event of a series of prediction events comes again."""

    MINUTELY = "minutely"
    FIVE_MINUTELY = "fiveMinutely"
    FIFTEEN_MINUTELY = "fifteenMinutely"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class ConditionKind(StrEnum):
    """What decides a prediction market."""

    QUANTITY_RANGE = "QuantityRange"
    STRIKE_PRICE = "StrikePrice"
    OUTCOME = "Outcome"


class StrikeCondition(StrEnum):
    ABOVE = "above"
    BELOW = "below"
