"""Pages for people: rendered here, by templates, with one stylesheet and two small scripts of our own."""
