"""Reasons of bots, sends and frames: kept and logged in English, shown in the language of who looks."""
