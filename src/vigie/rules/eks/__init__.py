"""Rules on EKS clusters."""
