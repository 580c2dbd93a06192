"""The game in a browser, through textual-serve."""
