"""What is judged: what was supplied, structure, quantities, fields against each other; every fault with a hint."""
