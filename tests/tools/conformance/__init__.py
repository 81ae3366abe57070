"""Tests of `make conformance`."""
