"""Tests of the generated pages and pictures."""
