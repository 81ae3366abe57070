"""Tests of `make adopt`."""
