"""The local cloud the app can be deployed to without an AWS account."""
