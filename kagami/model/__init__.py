"""Values that every floor above speaks in: plain, immutable, without behaviour that needs a loop or a clock."""
