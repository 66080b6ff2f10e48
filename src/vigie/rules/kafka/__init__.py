"""Rules on clusters of Kafka."""
