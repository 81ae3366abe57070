"""Support for the tests of `make conformance`."""
