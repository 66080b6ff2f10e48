"""Rules on load balancers: classic, application and network, and their listeners."""
