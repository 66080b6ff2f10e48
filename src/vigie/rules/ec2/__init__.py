"""Rules on networks and machines: security groups, instances, volumes, snapshots, images, VPCs."""
