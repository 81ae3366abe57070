"""JSONata in a definition of Step Functions.

Source: Step Functions developer guide, "Transforming data with JSONata in Step Functions".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonata import Jsonata
from jsonata.jexception import JException
from jsonata.utils import Utils

from .framework import copied

_BEGIN, _END = "{%", "%}"


class QueryEvaluationError(Exception):
    """An expression has no value, or one that is not allowed: `States.QueryEvaluationError`."""


def evaluated(value: Any, states: Mapping[str, Any], variables: Mapping[str, Any]) -> Any:
    """A field of a state with every expression in it replaced by its value.

    Args:
        value: of the field, such as `Arguments`.
        states: what `$states` is.
        variables: what `Assign` has assigned so far.

    Raises:
        QueryEvaluationError: an expression fails, or finds nothing.
    """
    if isinstance(value, str) and value.startswith(_BEGIN) and value.endswith(_END):
        return _value(value.removeprefix(_BEGIN).removesuffix(_END).strip(), states, variables)
    if isinstance(value, Mapping):
        return {key: evaluated(inner, states, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [evaluated(inner, states, variables) for inner in value]
    return value


def _value(expression: str, states: Mapping[str, Any], variables: Mapping[str, Any]) -> Any:
    # The library takes a variable that is None for one that is not there.
    known = {name: Utils.NULL_VALUE if each is None else each for name, each in variables.items()}
    bindings = {**known, "states": dict(states)}
    try:
        found = _parsed(expression).evaluate(None, bindings)
        # It answers None for null as for nothing.
        is_there = found is not None or _parsed(f"$exists(({expression}))").evaluate(None, bindings)
        value = copied(found)
    except (JException, TypeError, ValueError, ArithmeticError) as error:
        raise QueryEvaluationError(f"The JSONata expression '{expression}' cannot be evaluated: {error}") from error
    if not is_there:
        raise QueryEvaluationError(f"The JSONata expression '{expression}' returned nothing (undefined).")
    return value


@cache
def _parsed(expression: str) -> Jsonata:
    return Jsonata(expression)
