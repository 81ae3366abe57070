"""Tests of `make refresh`."""
