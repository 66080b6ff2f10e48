"""Who may: passwords, sessions, API tokens, and protection from forged requests."""
