"""Documentation, and what generates some of its pages."""
