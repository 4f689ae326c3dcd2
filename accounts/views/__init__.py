"""The account pages: entering, and what belongs to one's account."""
