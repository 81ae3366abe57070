"""An environment that people change."""
