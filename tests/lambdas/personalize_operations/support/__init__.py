"""Support for these tests."""
