"""Custom resource provider for Amazon Personalize.

`handler.py` holds the two Lambda entry points, `resources.py` has a row for every resource type, and `engine.py`
carries the requests out, with `successor.py`, `update.py` and `deletion.py`. Standard library and boto3 only.
"""
