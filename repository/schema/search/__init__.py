"""What a measurement is found by: facts, searchable quantities and the formulas behind derived ones."""
