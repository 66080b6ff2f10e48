"""Rules on identities: the root user, users and their keys, roles and whom they trust, policies, certificates."""
