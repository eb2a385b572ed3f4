"""Says again what it is told."""
