"""Tests of the simulation: it behaves as its sources say that AWS does."""
