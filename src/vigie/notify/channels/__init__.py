"""Ways to people, one module each."""
