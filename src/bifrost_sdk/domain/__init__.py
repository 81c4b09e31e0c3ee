"""The model: pure values and rules, without input or output, clock, environment or randomness."""
