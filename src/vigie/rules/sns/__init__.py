"""Rules on SNS topics."""
