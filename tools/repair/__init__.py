"""Brings what is out of step in a deployed environment back to what its templates say."""
