"""What is kept: the ledger that writes it, the store that reads it, and the engine underneath."""
