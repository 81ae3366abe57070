"""Support for the tests in the local cloud."""
