"""Rules on S3 buckets and the account's settings for them."""
