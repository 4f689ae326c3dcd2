"""What can be done to memories: one module a group of verbs."""
