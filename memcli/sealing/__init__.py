"""Sealing texts for one's own key: the age format, with libraries that do the cryptography."""
