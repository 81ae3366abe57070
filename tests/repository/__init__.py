"""Units of the app: settings, schema rules, sample data."""
