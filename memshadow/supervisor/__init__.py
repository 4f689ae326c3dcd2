"""One process that brings up the whole product and keeps it up: database, web server, background workers."""
