"""Rules on SQS queues."""
