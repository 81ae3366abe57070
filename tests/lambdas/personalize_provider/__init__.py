"""The provider, against the Personalize emulator in virtual time."""
