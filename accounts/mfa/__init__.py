"""The second factor: setting it up, signing in with it, guessing it in vain, and getting in again without it."""
