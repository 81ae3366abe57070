"""What a row of the resource table says about a property."""

from __future__ import annotations

import pytest

from lambdas.personalize_provider.resources import RESOURCES


def test_a_property_that_a_type_does_not_have_has_no_effect_to_speak_of() -> None:
    with pytest.raises(KeyError, match="Colour"):
        RESOURCES["Filter"].effect("Colour")
