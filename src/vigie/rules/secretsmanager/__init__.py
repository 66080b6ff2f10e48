"""Rules on secrets of Secrets Manager."""
