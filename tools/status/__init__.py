"""What a deployed environment is like, compared with what its templates say."""
