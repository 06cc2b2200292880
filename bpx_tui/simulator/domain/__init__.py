"""The exchange without its wires: orders, money, risk. Synchronous and deterministic: no I/O, no clock of its own.

Enter by the facade (`venue`); what can be read and what happens are `views` and `events`. Everything below is layered:

    facade    venue (orders, time), accountdesk (accounts, money), marketdesk (books, prices); events, views, orders
    orders    orderdesk > trading > engine, book, checks, reserves; triggers; expiry; refusals
    money     ledger, accounts, treasury, funds, settlement, lending; inquiry (how much could I); saving, plain
    risk      clearing (a match carried out), positions, margin, prices, funding, liquidation, unwinding; timekeeper
    listing   markets (what a market is), catalogue (which there are), seeds (what the house owns)
    bad days  interventions (faults that go through the engine)
"""
