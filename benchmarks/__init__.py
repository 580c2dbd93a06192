"""What the speed figures in the README come from: `make bench`, or `python -m benchmarks`."""
