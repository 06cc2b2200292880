"""Settings: which source wins, and every way in which one can be wrong."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.config.config_file import Given, read_config_file
from bpx_tui.config.endpoints import BACKPACK, Endpoints, check_demo, check_real, parse_url
from bpx_tui.config.settings import DEFAULTS, Settings, from_variables, resolve
from bpx_tui.errors import ConfigError
from bpx_tui.model.enums import KlineInterval

SIMULATED = Endpoints("http://127.0.0.1:4000", "ws://127.0.0.1:4000")
STRANGER = Endpoints("https://example.org", "wss://example.org")


def flag(**values: str) -> dict[str, Given]:
    return {name: Given(text, "--" + name.replace("_", "-")) for name, text in values.items()}


def error_of(**values: str) -> str:
    with pytest.raises(ConfigError) as caught:
        resolve(flag(**values))
    return str(caught.value)


def in_file(tmp_path: Path, content: str | bytes) -> dict[str, Given]:
    path = tmp_path / "config.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(0o600)
    return read_config_file(path, DEFAULTS)


def file_error(tmp_path: Path, content: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        in_file(tmp_path, content)
    return str(caught.value).removeprefix(f"{tmp_path}/")


def test_defaults() -> None:
    settings = resolve()
    assert settings.symbol == "SOL_USDC_PERP"
    assert settings.interval is KlineInterval.M1
    assert settings.endpoints == BACKPACK
    assert settings.limits.max_order_notional is None
    assert set(settings.sources.values()) == {"default"}


def test_flag_beats_environment_beats_env_file_beats_config_file_beats_default(tmp_path: Path) -> None:
    layers = [
        flag(symbol="A_USDC"),
        from_variables({"BPX_SYMBOL": "B_USDC", "BPX_INTERVAL": "5m", "HOME": "/"}),
        from_variables({"BPX_SYMBOL": "C_USDC", "BPX_INTERVAL": "15m", "BPX_THEME": "light"}, ".env"),
        in_file(tmp_path, 'symbol = "D_USDC"\ninterval = "1h"\ntheme = "mono"\nmax_order_notional = "250.50"\n'),
    ]
    settings = resolve(*layers)
    assert (settings.symbol, settings.interval, settings.theme) == ("A_USDC", KlineInterval.M5, "light")
    assert settings.limits.max_order_notional == Decimal("250.50")
    assert settings.sources["symbol"] == "--symbol"
    assert settings.sources["interval"] == "BPX_INTERVAL"
    assert settings.sources["theme"] == ".env: BPX_THEME"
    assert settings.sources["max_order_notional"].endswith("config.toml:4")
    assert resolve(*layers[1:]).symbol == "B_USDC"
    assert resolve(*layers[2:]).symbol == "C_USDC"
    assert resolve(*layers[3:]).symbol == "D_USDC"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("symbol", "", "--symbol: Symbol is empty. Write a market, e.g. SOL_USDC_PERP."),
        ("symbol", "BTC-USDC", "--symbol: No market BTC-USDC. Did you mean BTC_USDC or BTC_USDC_PERP?"),
        ("symbol", "BTC-PERP", "--symbol: No market BTC-PERP. Did you mean BTC_USDC or BTC_USDC_PERP?"),
        ("symbol", "SOL", "--symbol: No market SOL. Did you mean SOL_USDC or SOL_USDC_PERP?"),
        ("symbol", "BTC/USDC", "--symbol: No market BTC/USDC. Did you mean BTC_USDC or BTC_USDC_PERP?"),
        ("symbol", "btc-usdc-perp", "--symbol: No market btc-usdc-perp. Did you mean BTC_USDC or BTC_USDC_PERP?"),
        ("symbol", "$", "--symbol: Not a market; one looks like SOL_USDC or SOL_USDC_PERP."),
        ("interval", "7m", "--interval: Not an interval. Known: 1s, 1m, 3m,"),
        ("log_level", "loud", "--log-level: Not a log level. Known: debug, info, warning, error."),
    ],
)
def test_a_wrong_choice_names_its_source_and_what_would_do(name: str, text: str, said: str) -> None:
    assert error_of(**{name: text}).startswith(said)


def test_a_symbol_that_would_act_on_the_terminal_is_shown_harmlessly() -> None:
    assert error_of(symbol="SOL\x1b]0;x\x07-USDC").isprintable()


@pytest.mark.parametrize("text", ["-1", "+1", "1e5", "NaN", "inf", "1_000", "1,000", "１２", " 1", "1.", ".5", "0x10"])
def test_an_amount_is_plain_digits(text: str) -> None:
    assert error_of(max_order_notional=text) == '--max-order-notional: Plain digits only, e.g. "1000" or "0.5".'


@pytest.mark.parametrize("text", ["0", "0.00", "000"])
def test_an_amount_of_nothing_is_refused(text: str) -> None:
    assert error_of(max_order_notional=text) == "--max-order-notional: Must be greater than 0."


@given(st.text())
def test_any_text_gives_settings_or_a_config_error(text: str) -> None:
    for name in DEFAULTS:
        with contextlib.suppress(ConfigError):
            assert isinstance(resolve(flag(**{name: text})), Settings)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("symbol\n", "config.toml:1:7 expected '='"),
        ('theme = "dark"\n\tsymbol = [\n', "config.toml:"),
        ('theme = "dark"\ntheme = "light"\n', "config.toml:2:"),
        (
            'max_ordr_notional = "1"\n',
            "config.toml:1 unknown setting 'max_ordr_notional'. Did you mean max_order_notional?",
        ),
        ("\n\nmax_order_notional = 1000\n", "config.toml:3 max_order_notional must be a text in quotes"),
        ("max_order_notional = 0.1\n", "config.toml:1 max_order_notional must be a text in quotes"),
        ("max_order_notional = nan\n", "config.toml:1 max_order_notional must be a text in quotes"),
        ("max_order_notional = 1e309\n", "config.toml:1 max_order_notional must be a text in quotes"),
        ("theme = true\n", "config.toml:1 theme must be a text in quotes"),
        ('\n[symbol]\nx = "1"\n', "config.toml:2 symbol must be a text in quotes"),
        ('[something]\nx = "1"\n', "config.toml:1 unknown setting 'something'. Known: "),
        ('[a]\nx = "1"\n[a]\n', "config.toml:3:"),
        ('theme = "dark"'.encode("utf-16"), "config.toml is UTF-16; save it as UTF-8."),
        ('theme = "dark"'.encode("utf-16-le"), "config.toml is UTF-16; save it as UTF-8."),
        (b'theme = "dark"\nsymbol = "\xff"\n', "config.toml:2 is not UTF-8."),
        (b"\xef\xbb\xbf\xef\xbb\xbftheme = 'dark'\n", "config.toml:1:1 a second byte order mark"),
    ],
)
def test_a_config_file_is_read_strictly(tmp_path: Path, content: str | bytes, said: str) -> None:
    assert file_error(tmp_path, content).startswith(said)


@pytest.mark.parametrize("content", [b"\xef\xbb\xbftheme = 'dark'\n", b"theme = 'dark'\r\n", b"\ttheme='dark'"])
def test_one_byte_order_mark_tabs_and_windows_line_ends_are_fine(tmp_path: Path, content: bytes) -> None:
    assert in_file(tmp_path, content)["theme"].text == "dark"


@pytest.mark.parametrize(
    "text", ["", "http://", "api.example.org", "ftp://a", "https://[", "https://a:b", "http://a.org"]
)
def test_an_address_must_be_one_and_be_encrypted_outside_this_machine(text: str) -> None:
    assert error_of(rest_url=text, ws_url=SIMULATED.ws_url).startswith("--rest-url: ")


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    assert "hunter2" not in error_of(rest_url="https://me:hunter2@example.org", ws_url="wss://example.org")


def test_addresses_come_in_pairs() -> None:
    assert error_of(rest_url=SIMULATED.rest_url).startswith("--rest-url is set alone")
    assert error_of(ws_url=SIMULATED.ws_url).startswith("--ws-url is set alone")
    assert resolve(flag(rest_url=SIMULATED.rest_url + "/", ws_url=SIMULATED.ws_url + "/")).endpoints == SIMULATED


def test_the_demo_reaches_this_machine_only() -> None:
    check_demo(SIMULATED)
    for elsewhere in (BACKPACK, STRANGER, Endpoints(SIMULATED.rest_url, BACKPACK.ws_url)):
        with pytest.raises(ConfigError, match=r"demo (never|only) talks"):
            check_demo(elsewhere)


@pytest.mark.parametrize("host", ["API.BACKPACK.EXCHANGE", "api.backpack.exchange.", "backpack.exchange"])
def test_the_live_hosts_are_known_in_every_spelling(host: str) -> None:
    endpoints = Endpoints(parse_url(f"https://{host}", ("https", "http")), SIMULATED.ws_url)
    with pytest.raises(ConfigError, match="never talks to Backpack"):
        check_demo(endpoints)


def test_real_money_moves_at_the_built_in_addresses_only() -> None:
    check_real(BACKPACK, live=True, has_key=True)
    for other in (SIMULATED, STRANGER):
        with pytest.raises(ConfigError, match="--live trades at Backpack's own addresses only"):
            check_real(other, live=True, has_key=True)


def test_a_key_is_not_shown_to_a_stranger() -> None:
    check_real(STRANGER, live=False, has_key=False)
    check_real(SIMULATED, live=False, has_key=True)
    with pytest.raises(ConfigError, match="A key is configured"):
        check_real(STRANGER, live=False, has_key=True)
