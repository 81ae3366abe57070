"""Tests of the constructs."""
