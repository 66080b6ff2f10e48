"""Rules on EFS file systems."""
