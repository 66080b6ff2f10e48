"""Rules on EventBridge."""
