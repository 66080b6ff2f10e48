"""Benchmarks: ``python -m bench [NAME …]`` prints a table for each.

All run against the same AWS on loopback (``vigie.testing.estates``, in a process of its own, which is not counted).
The processes that measure others import nothing large: Linux counts the memory of whoever starts a process into the
peak of that process.
"""
