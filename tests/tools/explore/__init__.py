"""`make explore`."""
