"""Folders of the app's own bucket, besides those of the data."""

from __future__ import annotations

# Lists of users to forget.
DELETIONS = "deletions/"


def batch_folder(name: str) -> str:
    """Folder of a batch job's input and output.

    Args:
        name: of the job in the settings.
    """
    return f"batch/{name}/"
