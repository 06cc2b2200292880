"""What the exchange offers beside order books, each standing on the venue: strategies, RFQs, vaults, custody, dust."""
