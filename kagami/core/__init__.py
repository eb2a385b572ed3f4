"""Decisions: pure functions and small state machines. Time and randomness are arguments."""
