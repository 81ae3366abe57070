"""Support for the provider's tests."""
