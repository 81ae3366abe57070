"""Support for the tests of the constructs."""
