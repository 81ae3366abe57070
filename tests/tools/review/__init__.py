"""Tests of `make review` and `make check`."""
