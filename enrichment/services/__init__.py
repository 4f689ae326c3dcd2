"""What is done to what enrichment found: verbs with an explicit owner."""
