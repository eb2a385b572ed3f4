"""Plugins that are processes of their own: JSON lines on stdin and stdout, contained by limits."""
