"""Enrichment: captured text becomes knowledge, in the background, without a model server and better with one."""
