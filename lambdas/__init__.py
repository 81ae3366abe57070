"""Lambda functions of the project. One folder, one asset."""
