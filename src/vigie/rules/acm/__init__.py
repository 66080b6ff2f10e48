"""Rules on certificates of ACM."""
