"""Custom resource provider for Amazon Personalize.

`handler.py` holds the two Lambda entry points, `resources.py` describes every resource type once, and
`engine.py` carries the requests out, with `identity.py`, `update.py` and `deletion.py`. Standard library and boto3
only.
"""
