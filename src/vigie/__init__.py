"""vigie: the open system that watches AWS, remembers every configuration it saw, judges it, and tells people."""

__version__ = "0.1.0"
