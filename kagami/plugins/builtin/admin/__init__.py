"""What operators do from a chat."""
