"""Scenarios: what a world is made of, read from a file and checked."""
