"""Tests of `make review`."""
