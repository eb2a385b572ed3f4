"""What long-lived parts share: supervised tasks and outgoing connections."""
