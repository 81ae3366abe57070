"""Tests of the Personalize emulator."""
