"""`python -m marketsim` is the command `marketsim`."""

from marketsim.cli import main

main()
