"""The terminal client: play, watch and replay a market."""
