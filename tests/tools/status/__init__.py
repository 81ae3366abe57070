"""`make status`."""
