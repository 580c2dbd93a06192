"""Widgets of the game: charts, rows of the form, status and keys."""
