"""Several processes as one Kagami: who serves what, and what they tell each other."""
