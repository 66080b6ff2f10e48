"""The tables, as SQLAlchemy Core metadata. One module per part; ``metadata`` holds them all.

Import :mod:`vigie.history.tables.all` to have every table registered.
"""
