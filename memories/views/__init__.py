"""The dashboard's pages of memories: one module a page or a group of actions."""
