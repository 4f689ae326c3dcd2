"""How much anybody may ask for: counted in PostgreSQL, charged to a person, a key or an address."""
