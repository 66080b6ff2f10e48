"""What can be watched: declarations of resource types (``services/*.toml``), their loader, verifier and IAM policy."""
