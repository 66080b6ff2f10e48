"""Rules on log groups of CloudWatch Logs."""
