"""One file a user journey; the same flow stands behind pages, API and commands."""
