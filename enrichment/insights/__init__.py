"""What is worth knowing about the owner, worked out when it is asked for from what the steps have found.

Nothing of it is stored: it is as current as they are, follows every correction, and cites the memories it comes from.
"""
