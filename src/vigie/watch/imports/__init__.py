"""Reading what others recorded. Pure: from bytes to states, and what could not be read."""
