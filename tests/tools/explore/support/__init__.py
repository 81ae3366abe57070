"""An environment to look at."""
