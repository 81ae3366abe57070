"""Tests of the wheel, as those install it who have nothing of this project."""
