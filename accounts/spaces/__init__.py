"""Spaces to share: their keys, who is in them and as what, and which one a request means."""
