"""The embedded simulated exchange: an independent reading of Backpack's specification.

Where to look, from the outside in:

    wires        server, rest/, streams/, control, faults, main: HTTP and WebSocket, `/_sim`, the command
    life         exchange, flow/, history/, products/, clock, options: other traders, the past, RFQ, vaults, strategies
    facade       venue (orders, time), accountdesk (accounts, money), marketdesk (books, prices); events, views, orders
    orders       orderdesk > trading > engine, book, checks, reserves; triggers; expiry
    money        ledger, accounts, treasury, funds, settlement, lending; inquiry (how much could I), saving
    bad days     faults (what is on), occasions, interventions (through the engine)
    risk         clearing (a match carried out), positions, margin, prices, funding, liquidation, unwinding
    listing      markets (what a market is), catalogue (which there are), seeds (what the house owns)

The facade and everything below it is synchronous and deterministic: no I/O, no asyncio, no clock of its own.
"""
