"""Workshops: many teams in one market, a facilitator, and a log from which everything can be built again."""
