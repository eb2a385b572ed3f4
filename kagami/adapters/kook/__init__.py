"""KOOK bots, by the gateway's WebSocket."""
