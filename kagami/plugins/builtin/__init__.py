"""Plugins that come with Kagami, loaded like any other."""
