"""The commands of `marketsim`, one module each; every one imports what it needs inside its functions."""
