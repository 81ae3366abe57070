"""Support for the tests of the stacks."""
