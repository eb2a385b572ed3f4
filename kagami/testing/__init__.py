"""Doubles for tests: of Kagami and of plugins."""
