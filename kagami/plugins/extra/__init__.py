"""Plugins that come with Kagami but are served only where somebody installs them."""
