"""The Textual screen. Knows the bus and the model, and nothing behind them."""
