"""`bpx-tui locate`: where files are looked for and kept."""

from __future__ import annotations

from bpx_tui.cli.arguments import Arguments
from bpx_tui.cli.exit_codes import ExitCode
from bpx_tui.config.places import user_places
from bpx_tui.config.themes import shipped_folder


def locate(arguments: Arguments) -> int:
    """Print each place, and whether it exists."""
    places = user_places()
    for name, path in (
        ("config file", arguments.config or places.config_file),
        ("keymap", places.keymap_file),
        ("own themes", places.themes),
        ("shipped themes", shipped_folder()),
        ("state", places.state),
        ("log file", places.log_file),
    ):
        print(f"{name:<15} {path}{'' if path.exists() else '  (not there)'}")
    print(f"{'.env file':<15} {arguments.env_file or 'only one named with --env-file is read; none is searched for'}")
    return ExitCode.OK
