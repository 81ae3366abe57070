"""Custom resource provider for Amazon Personalize.

`handler.py` holds the two Lambda entry points, `resources.py` describes every resource type once, and
`engine.py` carries the requests out. Standard library and boto3 only.
"""
