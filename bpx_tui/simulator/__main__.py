"""`python -m bpx_tui.simulator`: the exchange alone."""

from bpx_tui.simulator.main import main

raise SystemExit(main())
