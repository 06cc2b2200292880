"""The embedded simulated exchange: an independent reading of Backpack's specification.

Where to look, from the outside in:

    wires      server, rest/, streams/, control, main, flags: HTTP and WebSocket, `/_sim`, the command
    life       exchange, flow/, history/, products/, desks: other traders, the past, RFQ, vaults, strategies
    bad days   faults (what is on), traps, occasions
    keeping    keeping, state_file: paper accounts across restarts
    means      clock, options, credentials
    domain/    the exchange itself, without wires: orders, money, risk
"""
