"""Numbers to text of fixed width. Money stays Decimal all the way: no value here passes through a float.

Rounding: a price, a balance or a percentage is rounded half to even to the decimals asked for; a quantity that has to
be shortened is cut, never rounded up. How a quantity is shortened (`fit_quantity`): a figure without suffix is exact;
one with `k`, `M`, `B` or `T` is cut after the last digit shown; one that ends in `…` has further decimals. Nothing that
is not zero reads as zero.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal

from bpx_tui.model.ids import Symbol

_UNITS = (("k", 3), ("M", 6), ("B", 9), ("T", 12))
_LARGEST_EXPONENT = 24
_READABLE_BARE = 10_000
_ELLIPSIS = "…"
UNKNOWN = "?"


def fixed(value: Decimal, decimals: int) -> str:
    """`98,214.0`: that many decimals, thousands separated. Never `-0.00`, never an exponent below 10^24."""
    if not value.is_finite():
        return UNKNOWN
    if value.adjusted() > _LARGEST_EXPONENT:
        return format(value, ".3e")
    text = format(value, f",.{decimals}f")
    return text[1:] if text[0] == "-" and not any("1" <= digit <= "9" for digit in text) else text


def signed(value: Decimal, decimals: int) -> str:
    """`+4.40`, `-0.04`, and `0.00` without a sign."""
    text = fixed(value, decimals)
    shows_nothing = not any("1" <= digit <= "9" for digit in text)
    return text if text[0] == "-" or shows_nothing else f"+{text}"


def percent(fraction: Decimal, decimals: int = 2, *, sign: bool = True) -> str:
    """`+2.31%` from 0.0231."""
    value = fraction * 100
    return f"{signed(value, decimals) if sign else fixed(value, decimals)}%"


def fit_price(value: Decimal, decimals: int, width: int) -> str:
    """The price with its market's decimals: separated if that fits, plain otherwise, marked where even that is cut."""
    text = fixed(value, decimals)
    if len(text) <= width:
        return text
    bare = text.replace(",", "")
    return bare if len(bare) <= width else _cut(bare, width)


def fit_quantity(value: Decimal, decimals: int, width: int) -> str:
    """At most `width` characters for a base quantity (see the module's text for how it is shortened)."""
    if not value.is_finite():
        return UNKNOWN
    exact = fixed(_truncate(value, decimals), decimals) if value.adjusted() <= _LARGEST_EXPONENT else ""
    if exact and len(exact) <= width:
        return exact
    if value == 0:
        return "0"
    bare = exact.replace(",", "")
    if abs(value) < _READABLE_BARE and len(bare) <= width:
        return bare
    if abs(value) < 1000:
        return _cut(bare, width)
    return _with_unit(value, width)


def compact(value: Decimal, prefix: str = "") -> str:
    """`$412M`, `$96.1M`, `12.3k`, `950`, `0.52`: three figures, cut."""
    if not value.is_finite():
        return UNKNOWN
    sign = "-" if value < 0 else ""
    magnitude = abs(value)
    for suffix, exponent in reversed(_UNITS):
        scaled = magnitude.scaleb(-exponent)
        if scaled >= 1:
            return f"{sign}{prefix}{_three_figures(scaled)}{suffix}"
    return f"{sign}{prefix}{_three_figures(magnitude)}"


def fit_money(value: Decimal, width: int, *, sign: bool = False) -> str:
    """`$892.70`, or `+4.40` with `sign`: cents if they fit into `width`, then whole units, then `$12.3M`."""
    for decimals in (2, 0):
        text = signed(value, decimals) if sign else f"${fixed(value, decimals)}"
        if len(text) <= width:
            return text
    return ("+" if sign and value > 0 else "") + compact(value, "" if sign else "$")


def age_text(seconds: float | None) -> str:
    """`0.1s`, `42s`, `3m05s`, `2h03m`, `4d11h`; `?` for an age that is unknown or more than 2 s in the future."""
    if seconds is None or seconds < -2:
        return UNKNOWN
    if seconds < 9.95:
        return f"{max(seconds, 0.0):.1f}s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02d}h"


def duration(seconds: float) -> str:
    """A countdown: `42:11`, `1:02:03`, `3d 04h`. Below zero it is `00:00`."""
    whole = max(int(seconds), 0)
    if whole >= 86_400:
        return f"{whole // 86_400}d {whole % 86_400 // 3600:02d}h"
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60:02d}:{rest % 60:02d}"


def clock_text(time_us: int) -> str:
    """`15:04:59`, UTC."""
    second = time_us // 1_000_000 % 86_400
    return f"{second // 3600:02d}:{second % 3600 // 60:02d}:{second % 60:02d}"


def axis_time(time_s: int, step_s: int) -> str:
    """A tick of the time axis, UTC: `15:04`, with seconds for short steps, `20 Nov` at midnight."""
    moment = datetime.fromtimestamp(time_s, UTC)
    if step_s >= 86_400 or (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return f"{moment.day:2d} {_MONTHS[moment.month - 1]}"
    if step_s < 60:
        return f"{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d}"
    return f"{moment.hour:02d}:{moment.minute:02d}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def market_name(symbol: Symbol) -> str:
    """`SOL-PERP` for `SOL_USDC_PERP`, `SOL/USDC` for `SOL_USDC`; any other symbol with hyphens."""
    parts = symbol.split("_")
    if len(parts) == 3 and parts[1] == "USDC" and parts[2] == "PERP":
        return f"{parts[0]}-PERP"
    return "/".join(parts) if len(parts) == 2 else "-".join(parts)


def _truncate(value: Decimal, decimals: int) -> Decimal:
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= decimals:
        return value
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_DOWN)


def _cut(text: str, width: int) -> str:
    """The first digits and the mark that there are more; `#` all over where not even the whole part fits."""
    whole = len(text.partition(".")[0])
    if whole + 1 > width:
        return "#" * width
    kept = text[: width - 1].rstrip(".")
    shows_nothing = not any("1" <= digit <= "9" for digit in kept)
    return f"<{_smallest(width)}" if shows_nothing and width >= 4 else kept + _ELLIPSIS


def _smallest(width: int) -> str:
    """The least number that `width - 1` characters can show: `0.001` for 6."""
    return "0." + "0" * (width - 4) + "1"


def _with_unit(value: Decimal, width: int) -> str:
    for suffix, exponent in _UNITS:
        scaled = value.scaleb(-exponent)
        whole = len(format(_truncate(scaled, 0), "f"))
        room = width - whole - len(suffix)
        if room < 0:
            continue
        if abs(scaled) >= 1000 and suffix != "T":
            continue
        decimals = min(3, room - 1) if room > 1 else 0
        return format(_truncate(scaled, decimals), "f") + suffix if decimals else f"{_truncate(scaled, 0):f}{suffix}"
    return "#" * width


def _three_figures(value: Decimal) -> str:
    if value == 0:
        return "0"
    decimals = max(0, 2 - value.adjusted())
    text = format(_truncate(value, decimals), "f")
    return text.rstrip("0").rstrip(".") if "." in text and value < 1 else text
