"""What the exchange remembers of its markets: candles of every interval, the tape, rolling statistics."""
