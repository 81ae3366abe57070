"""`make refresh`: starts the refresh of a deployed environment, and follows it."""
