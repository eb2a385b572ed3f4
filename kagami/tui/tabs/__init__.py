"""The tabs of the settings place."""
