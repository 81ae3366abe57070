"""Synthesized templates."""
