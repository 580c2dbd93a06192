"""The rule book: pure functions on arrays, without input or output, without randomness inside."""
