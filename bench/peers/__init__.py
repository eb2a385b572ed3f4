"""The same echo bot, written the way each framework's own documentation shows it."""
