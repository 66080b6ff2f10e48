"""Rules on backup vaults."""
