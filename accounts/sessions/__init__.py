"""Sessions that know their device, expire, and are stored under hashed keys."""
