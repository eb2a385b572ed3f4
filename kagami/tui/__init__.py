"""The terminal: a console on the `Control` port."""
