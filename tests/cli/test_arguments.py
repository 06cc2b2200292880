"""The command line: what it takes, and one clear line for each thing it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.cli.arguments import SCENARIOS, SECRETS_ARE_VISIBLE, Arguments, Command, parse
from bpx_tui.errors import InputError
from bpx_tui.simulator.options import Scenario

SEED = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
SIGNATURE = "A" * 86 + "=="


def parsed(line: str) -> Arguments:
    return parse(line.split(" "))


def refusal(line: str) -> str:
    with pytest.raises(InputError) as caught:
        parse(line.split(" ") if line else [])
    text = str(caught.value)
    assert text.isprintable()
    return text


def test_nothing_at_all_opens_the_screen_on_backpack() -> None:
    assert parse([]) == Arguments(Command.SCREEN)


def test_every_flag_of_a_demo_in_either_place() -> None:
    expected = Arguments(Command.DEMO, symbol="BTC_USDC", theme="light", seed=7, scenario="crash", interval="5m")
    assert parsed("demo --symbol BTC_USDC --theme light --seed 7 --scenario crash --interval 5m") == expected
    assert parsed("--symbol BTC_USDC --theme=light demo --seed=7 --scenario crash --interval 5m") == expected


def test_the_scenarios_are_those_of_the_simulated_exchange() -> None:
    assert tuple(Scenario) == SCENARIOS


def test_a_picture() -> None:
    arguments = parsed("demo --screenshot a/b.svg --after 2.5 --size 120x35")
    assert (arguments.screenshot, arguments.after, arguments.size) == (Path("a/b.svg"), 2.5, (120, 35))


def test_the_other_commands() -> None:
    assert parse(["keys", "check", "--env-file", "x.env"]) == Arguments(Command.KEYS, env_file="x.env")
    assert parse(["--live"]) == Arguments(Command.SCREEN, live=True)
    assert parse(["doctor", "--rest-url", "https://a"]).rest_url == "https://a"
    assert parse(["locate"]).command is Command.LOCATE


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dmeo", "`dmeo` is not a command. Did you mean demo?"),
        ("trade", "`trade` is not a command. There are: demo, exchange, keys, doctor, locate."),
        ("--symbl X", "unknown flag `--symbl`. Did you mean --symbol?"),
        ("demo --sede 3", "unknown flag `--sede`. Did you mean --seed?"),
        ("demo --wibblewobble", "unknown flag `--wibblewobble`. See: bpx-tui --help"),
        ("demo --sym X", "unknown flag `--sym`. "),
        ("demo --live", "`demo` and `--live` are two modes; choose one. See: bpx-tui --help"),
        ("--live demo", "`demo` and `--live` are two modes; choose one. See: bpx-tui --help"),
        ("demo exchange", "`demo` and `exchange` are two modes; choose one. See: bpx-tui --help"),
        ("locate --seed 3", "`--seed` does not go with `bpx-tui locate`. See: bpx-tui locate --help"),
        ("-x", "`-x` does not go with `bpx-tui`. See: bpx-tui --help"),
        ("demo extra", "unexpected `extra`. See: bpx-tui --help"),
        ("demo --seed", "argument --seed: expected one argument. See: bpx-tui demo --help"),
        ("demo --seed x", "argument --seed: must be a whole number of at most 18 digits. See: bpx-tui demo --help"),
        ("demo --seed -1", "argument --seed: "),
        ("demo --seed １", "argument --seed: must be a whole number"),
        ("demo --after 3", "--after and --size belong to --screenshot FILE.svg."),
        ("--screenshot a.svg --after nan", "argument --after: must be seconds, like 5 or 2.5."),
        ("--screenshot a.svg --size 80", "argument --size: must be columns x rows, like 200x60."),
        ("--screenshot a.svg --size 5x5", "argument --size: must be columns x rows, like 200x60."),
        ("--screenshot a.png", "--screenshot writes an SVG picture; name it FILE.svg."),
        ("demo --scenario crsh", "`crsh` is not a scenario. Did you mean crash?"),
        ("demo --scenario x", "`x` is not a scenario. There are: calm, normal, volatile, crash, thin, busy."),
        ("keys", "the following arguments are required: action. See: bpx-tui keys --help"),
        ("keys chekc", "`chekc` is not a command. Did you mean check?"),
    ],
)
def test_what_it_does_not_take(line: str, said: str) -> None:
    assert refusal(line).startswith(said)


@pytest.mark.parametrize(
    "line",
    [
        "--secret hunter2hunter2",
        "--api-secret=hunter2",
        "--api-key hunter2",
        "demo --private-key hunter2",
        "--seed-phrase hunter2",
        "keys check --password hunter2",
        "--token=hunter2",
        f"keys check {SEED}",
        f"--symbol {SEED}",
        f"--symbol={SEED}",
        f"--env-file {SIGNATURE}",
        SEED.rstrip("=").replace("/", "_"),
    ],
)
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(line: str) -> None:
    assert refusal(line) == SECRETS_ARE_VISIBLE


def test_a_long_path_is_no_secret() -> None:
    path = "/home/somebody/projects/trading/backpack/desk/keys/env"
    assert parse(["--env-file", path]).env_file == path


def test_what_would_act_on_the_terminal_is_shown_harmlessly() -> None:
    assert "\\x1b" in refusal("\x1b]0;title\x07")
    assert "…" in refusal("x" * 41)


@given(
    st.lists(st.one_of(st.text(), st.sampled_from(["demo", "--seed", "--size", "--", "-", "--symbol=", "=", "keys"])))
)
def test_any_words_are_read_or_refused_in_one_harmless_line(words: list[str]) -> None:
    try:
        parse(words)
    except InputError as error:
        assert str(error).isprintable()  # noqa: PT017 -- most words are refused, and that is as good
    except SystemExit:
        assert {"-h", "--help", "--version"} & set(words)
