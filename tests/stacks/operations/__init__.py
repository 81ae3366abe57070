"""Tests of the operations stack."""
