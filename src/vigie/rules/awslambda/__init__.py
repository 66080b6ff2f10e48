"""Rules on Lambda functions (a package may not be called ``lambda``)."""
