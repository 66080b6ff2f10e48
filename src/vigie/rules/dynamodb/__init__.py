"""Rules on DynamoDB tables."""
