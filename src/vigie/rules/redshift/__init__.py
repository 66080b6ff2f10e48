"""Rules on Redshift."""
