"""Money in and out: deposit addresses, deposits, withdrawals and the withdrawal delay.

Blockchains are played: an address is derived from the account and the chain, so it is stable; a withdrawal is locked
at once, leaves after its network time and then carries a transaction hash. Times are exchange microseconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from bpx_tui.model.ids import Asset
from bpx_tui.simulator.clock import Agenda
from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.refusals import VenueRefusal, invalid_asset, invalid_quantity, invalid_request
from bpx_tui.simulator.domain.venue import Venue

NETWORK_US = 20_000_000
"""From request to confirmation of a withdrawal."""

HOUR_US = 3_600_000_000
DELAY_CHANGE_US = 24 * HOUR_US
MAX_DELAY_HOURS = 168
TWO_FACTOR_TOKEN = "000000"
"""The token that plays a valid second factor."""


@dataclass(frozen=True, slots=True)
class ChainTerms:
    """One asset on one blockchain; quantities in the asset. `native_decimals` bounds what can be sent."""

    asset: Asset
    blockchain: str
    contract_address: str | None
    native_decimals: int
    minimum_deposit: Decimal
    minimum_withdrawal: Decimal
    withdrawal_fee: Decimal
    maximum_withdrawal: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DepositRecord:
    """`source` is a word of `DepositSource` (camel case, unlike the chain's own name)."""

    id: int
    account: AccountId
    asset: Asset
    quantity: Decimal
    source: str
    status: str
    created_us: int
    from_address: str | None
    to_address: str | None
    transaction_hash: str | None


@dataclass(frozen=True, slots=True)
class NewWithdrawal:
    asset: Asset
    blockchain: str
    address: str
    quantity: Decimal
    client_id: str | None = None
    two_factor_token: str | None = None
    auto_borrow: bool = False
    auto_lend_redeem: bool = False


@dataclass(frozen=True, slots=True)
class WithdrawalRecord:
    """`quantity` is what was asked for; `fee` comes out of it on the chain. `trigger_us` is set while delayed."""

    id: int
    account: AccountId
    terms: NewWithdrawal
    fee: Decimal
    status: str
    created_us: int
    trigger_us: int | None = None
    transaction_hash: str | None = None
    is_internal: bool = False


@dataclass(frozen=True, slots=True)
class Delay:
    """Hours that withdrawals to unknown addresses wait, and a change that is on its way."""

    current_hours: int | None
    pending_hours: int | None = None
    pending_from_us: int | None = None


class CustodyDesk:
    """Deposits and withdrawals of all accounts.

    Args:
        chains: what can be moved where.
        exempt: addresses that need no second factor, per account; all are exempt while this is `None`.
    """

    def __init__(
        self,
        venue: Venue,
        agenda: Agenda,
        rng: Random,
        chains: tuple[ChainTerms, ...],
        exempt: Mapping[AccountId, frozenset[str]] | None = None,
    ) -> None:
        self._venue = venue
        self._agenda = agenda
        self._rng = rng
        self._chains = {(terms.asset, terms.blockchain): terms for terms in chains}
        self._exempt = exempt
        self._next_id = rng.randrange(5_000_000, 7_000_000)
        self._deposits: list[DepositRecord] = []
        self._withdrawals: dict[int, WithdrawalRecord] = {}
        self._delays: dict[AccountId, Delay] = {}

    # ---- in

    def chains(self) -> tuple[ChainTerms, ...]:
        return tuple(self._chains.values())

    def blockchains(self) -> tuple[str, ...]:
        """Names of all supported chains, sorted."""
        return tuple(sorted({blockchain for _, blockchain in self._chains}))

    def address(self, account: AccountId, blockchain: str) -> str:
        """The account's deposit address there, always the same.

        Raises:
            VenueRefusal: the chain is not supported.
        """
        if blockchain not in self.blockchains():
            raise invalid_request("Blockchain is not supported")
        return _address(f"{account}/{blockchain}", blockchain)

    def deposit(self, account: AccountId, asset: Asset, quantity: Decimal, blockchain: str) -> DepositRecord:
        """Money arrives from a chain, or from the exchange itself with blockchain `internal`."""
        self._venue.deposit(account, asset, quantity)
        is_internal = blockchain == "internal"
        number = self._new_id()
        record = DepositRecord(
            number,
            account,
            asset,
            quantity,
            source=_source(blockchain),
            status="confirmed",
            created_us=self._venue.now_us,
            from_address=None if is_internal else _address(f"outside/{number}", blockchain),
            to_address=None if is_internal else self.address(account, blockchain),
            transaction_hash=None if is_internal else _transaction_hash(number, blockchain),
        )
        self._deposits.append(record)
        return record

    def deposits(self, account: AccountId) -> tuple[DepositRecord, ...]:
        """Oldest first."""
        return tuple(record for record in self._deposits if record.account == account)

    # ---- out

    def withdraw(self, account: AccountId, terms: NewWithdrawal) -> WithdrawalRecord:
        """Lock the money; it leaves when the delay and the network time are over.

        Raises:
            VenueRefusal: chain, quantity, second factor or funds do not allow it.
        """
        chain = self._check(account, terms)
        ticket = self._venue.lock_withdrawal(
            account,
            terms.asset,
            terms.quantity,
            auto_borrow=terms.auto_borrow,
            auto_lend_redeem=terms.auto_lend_redeem,
        )
        now = self._venue.now_us
        wait_us = (self.delay(account).current_hours or 0) * HOUR_US
        record = WithdrawalRecord(
            self._new_id(),
            account,
            terms,
            chain.withdrawal_fee,
            "pending",
            now,
            trigger_us=now + wait_us if wait_us else None,
        )
        self._withdrawals[record.id] = record
        self._agenda.at(now + wait_us + NETWORK_US, lambda _now: self._leave(record.id, ticket))
        return record

    def withdrawals(self, account: AccountId) -> tuple[WithdrawalRecord, ...]:
        """Oldest first."""
        return tuple(record for record in self._withdrawals.values() if record.account == account)

    # ---- delay

    def delay(self, account: AccountId) -> Delay:
        """The delay in force; all `None` while none was ever set."""
        delay = self._delays.get(account, Delay(None))
        if delay.pending_from_us is not None and delay.pending_from_us <= self._venue.now_us:
            delay = Delay(delay.pending_hours)
            self._delays[account] = delay
        return delay

    def create_delay(self, account: AccountId, hours: int, token: str) -> None:
        """Raises: VenueRefusal, there is one already (409), or the hours or the token are wrong."""
        _check_token(token)
        if self.delay(account).current_hours is not None:
            raise VenueRefusal(409, "PRECONDITION_FAILED", "Withdrawal delay already exists")
        self._delays[account] = Delay(_hours(hours))

    def update_delay(self, account: AccountId, hours: int, token: str) -> Delay:
        """Change the delay from a day later on.

        Raises:
            VenueRefusal: there is none (404), or the hours or the token are wrong.
        """
        _check_token(token)
        current = self.delay(account)
        if current.current_hours is None:
            raise VenueRefusal(404, "RESOURCE_NOT_FOUND", "Withdrawal delay not found")
        changed = Delay(current.current_hours, _hours(hours), self._venue.now_us + DELAY_CHANGE_US)
        self._delays[account] = changed
        return changed

    # ---- inside

    def _new_id(self) -> int:
        self._next_id += self._rng.randrange(1, 50)
        return self._next_id

    def _check(self, account: AccountId, terms: NewWithdrawal) -> ChainTerms:
        chain = self._chains.get((terms.asset, terms.blockchain))
        if chain is None:
            raise invalid_asset("Asset cannot be withdrawn on that blockchain")
        if not terms.address or len(terms.address) > 128:
            raise invalid_request("Invalid address")
        if terms.client_id is not None and len(terms.client_id) > 255:
            raise invalid_request("Client ID is too long")
        exponent = terms.quantity.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > chain.native_decimals:
            raise invalid_request("Quantity decimal too long")
        if terms.quantity < chain.minimum_withdrawal or terms.quantity <= chain.withdrawal_fee:
            raise invalid_quantity("Quantity is below the minimum withdrawal")
        if chain.maximum_withdrawal is not None and terms.quantity > chain.maximum_withdrawal:
            raise invalid_quantity("Quantity is above the maximum withdrawal")
        if self._exempt is not None and terms.address not in self._exempt.get(account, frozenset()):
            _check_token(terms.two_factor_token)
        return chain

    def _leave(self, withdrawal_id: int, ticket: int) -> None:
        self._venue.complete_withdrawal(ticket)
        record = self._withdrawals[withdrawal_id]
        self._withdrawals[withdrawal_id] = replace(
            record, status="confirmed", transaction_hash=_transaction_hash(record.id, record.terms.blockchain)
        )


def _hours(hours: int) -> int:
    if not 1 <= hours <= MAX_DELAY_HOURS:
        raise invalid_request("Withdrawal delay hours out of range")
    return hours


def _check_token(token: str | None) -> None:
    if token != TWO_FACTOR_TOKEN:
        raise VenueRefusal(400, "INVALID_TWO_FACTOR_CODE", "Invalid two factor code")


def _source(blockchain: str) -> str:
    """The chain's name as `DepositSource` spells it: `Solana` is `solana`, `XRP` is `xRP`."""
    return blockchain[:1].lower() + blockchain[1:]


_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58_CHAINS = frozenset({"Solana", "Bitcoin", "Tron", "XRP", "Litecoin", "Dogecoin", "Eclipse", "Fogo"})


def contract_address(asset: Asset, blockchain: str) -> str:
    """Where a made-up token contract lives. Never absent: the official client reads it as text for every token."""
    return _address(f"contract/{asset}", blockchain)


def _address(owner: str, blockchain: str) -> str:
    digest = hashlib.sha256(f"address/{owner}".encode()).digest()
    return _base58(digest) if blockchain in _BASE58_CHAINS else "0x" + digest[:20].hex()


def _transaction_hash(number: int, blockchain: str) -> str:
    digest = hashlib.sha512(f"transaction/{blockchain}/{number}".encode()).digest()
    return _base58(digest) if blockchain in _BASE58_CHAINS else "0x" + digest[:32].hex()


def _base58(data: bytes) -> str:
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        digits = _BASE58[rest] + digits
    return digits
