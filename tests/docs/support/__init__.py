"""Support for the tests of the documentation."""
