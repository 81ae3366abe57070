"""Tests of the functions that run a deployed app day by day."""
