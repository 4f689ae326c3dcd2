"""What topics are called, how new memories find theirs, and what is kept of a grouping for it."""
