"""The middle of the house: takes events, decides, sends answers, remembers what happened."""
