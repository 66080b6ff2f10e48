"""Rules on RDS and Aurora: instances, clusters and their snapshots."""
