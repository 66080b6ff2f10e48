"""Rules on the account as a whole: mostly on what is missing in it."""
