"""Makes ``src/vigie/watch/events/data/table.json``: which event tells of which resource, and where its id is."""
