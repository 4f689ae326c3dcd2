"""Carrying one request to another server and its answer back, byte for byte, without a thread for each."""
