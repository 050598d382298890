"""What is judged: structure, quantities, fields against each other; every fault with a hint."""
