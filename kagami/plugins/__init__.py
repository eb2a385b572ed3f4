"""The plugin host: code of others, each version under its own module name, everything it does owned by a scope."""
