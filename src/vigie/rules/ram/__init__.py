"""Rules on shares of Resource Access Manager."""
