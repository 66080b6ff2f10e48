"""The JSON API, version 1: what the pages show, for programs. Shapes are those of ``vigie.model.documents``."""
