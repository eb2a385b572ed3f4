"""Shows the commands of all plugins."""
