"""CDK constructs for Amazon Personalize, one module per resource."""
