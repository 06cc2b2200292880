"""The WebSocket side of the simulated exchange: names, frames, the hub and its sockets."""
