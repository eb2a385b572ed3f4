"""The settings centre: reads, checks, writes and undoes the configuration of a running engine."""
