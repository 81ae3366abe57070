"""The errors that users can meet, by the functions that word them."""

from __future__ import annotations

import inspect

from lambdas.personalize_provider import errors, errors_adoption

MODULES = (errors, errors_adoption)


def worded() -> set[str]:
    """Names of the functions."""
    return {
        name
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if inspect.signature(function, eval_str=True).return_annotation is errors.ProviderError
    }
