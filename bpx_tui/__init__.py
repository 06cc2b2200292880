"""bpx-tui: a full-screen terminal for trading on Backpack Exchange."""

__version__ = "0.1.0"
