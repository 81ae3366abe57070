"""Support for the emulator's tests."""
