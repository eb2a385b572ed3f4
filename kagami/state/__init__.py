"""What several processes share for a moment: hints, buckets and values with a deadline. Nothing here is the truth."""
