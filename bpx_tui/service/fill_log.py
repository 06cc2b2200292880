"""Own fills, each once, whether it came by stream, by REST or by both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from bpx_tui.model.orders import Fill

KEPT = 2_000

_Key = tuple[object, ...]


class FillLog:
    """The newest fills of the account, de-duplicated by (symbol, trade id, order id).

    One source may know the trade id while another does not: without it a fill is told by order, millisecond, price and
    quantity, and gives way to the first fill with an id that looks the same.
    """

    def __init__(self) -> None:
        self._by_key: dict[_Key, Fill] = {}
        self._looks: Counter[_Key] = Counter()
        self.revision = 0

    def __len__(self) -> int:
        return len(self._by_key)

    def add(self, fill: Fill) -> bool:
        """Take one fill; whether it was new."""
        key, look = _key(fill), _look(fill)
        before = self._by_key.get(key)
        if before is not None:
            self._by_key[key] = _fuller(before, fill)
            return False
        if key == look and self._looks[look]:
            return False
        nameless = self._by_key.pop(look, None)
        self._by_key[key] = fill if nameless is None else _fuller(fill, nameless)
        self.revision += 1
        if nameless is not None:
            return False
        self._looks[look] += 1
        if len(self._by_key) > KEPT + KEPT // 4:
            kept = sorted(self._by_key.items(), key=lambda item: item[1].time_us)[-KEPT:]
            self._by_key = dict(kept)
            self._looks = Counter(map(_look, self._by_key.values()))
        return True

    def add_all(self, fills: Iterable[Fill]) -> list[Fill]:
        """Take many; the new ones, oldest first."""
        return [fill for fill in sorted(fills, key=lambda each: each.time_us) if self.add(fill)]

    def newest(self, limit: int) -> tuple[Fill, ...]:
        """Newest first."""
        return tuple(sorted(self._by_key.values(), key=_age_order, reverse=True)[:limit])


def _age_order(fill: Fill) -> tuple[int, int]:
    return fill.time_us, fill.trade_id or 0


def _key(fill: Fill) -> _Key:
    """Trade ids are per market, and both of our orders may meet in one trade; system fills may carry no id."""
    return (fill.symbol, fill.trade_id, fill.order_id) if fill.trade_id else _look(fill)


def _look(fill: Fill) -> _Key:
    return fill.symbol, fill.order_id, fill.time_us // 1_000, fill.price, fill.quantity


def _fuller(one: Fill, other: Fill) -> Fill:
    """The same fill with what only one of its two sources knows."""
    return replace(
        one,
        client_id=one.client_id if one.client_id is not None else other.client_id,
        system_order_type=one.system_order_type or other.system_order_type,
        fee_asset=one.fee_asset or other.fee_asset,
        is_maker=other.is_maker if one.is_maker is None else one.is_maker,
    )
