"""Takes over what an account has: `make adopt` writes the settings for a dataset group that others have made."""
