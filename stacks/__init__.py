"""CDK stacks of the Personalize video-on-demand system."""
