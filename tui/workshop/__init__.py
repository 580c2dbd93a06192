"""Workshops: clients of teams and of the facilitator."""
