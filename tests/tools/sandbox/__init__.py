"""The local cloud, and the app in it: deployed with the real CDK CLI."""
