"""The places."""
