"""Conformance runs: the same requests to AWS, the local cloud or the emulator, recorded and compared."""
