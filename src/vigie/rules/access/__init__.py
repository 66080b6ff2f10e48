"""Rules on who outside the account can reach a resource, over every type that can be shared."""
