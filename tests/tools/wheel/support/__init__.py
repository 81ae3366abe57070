"""Support for the tests of the wheel."""
