"""What lies over a place for a moment."""
