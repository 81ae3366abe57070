"""What a solution may configure, which depends on its recipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from . import avro
from .errors import invalid
from .hyper_parameters import Decimal, Parameter, Whole
from .recipes import RECIPES, SEMANTIC_SIMILARITY, USER_PERSONALIZATION, Recipe
from .region import Region
from .request import Request

# API reference, HPOResourceConfig.
_RESOURCES = {
    "maxNumberOfTrainingJobs": Whole("maxNumberOfTrainingJobs", "", high=40),
    "maxParallelTrainingJobs": Whole("maxParallelTrainingJobs", "", high=10),
}
# Of the recipes that can be chosen by AutoML, if a request names none. Inferred: the API reference says only that the
# best recipe of type USER_PERSONALIZATION is chosen.
_AUTO_ML = ("aws-user-personalization", "aws-user-personalization-v2")


def recipe_of(request: Request) -> Recipe | None:
    """The recipe of a solution, new or old; None if AutoML chooses one.

    Raises:
        ServiceError: InvalidInputException, because there is no such recipe.
    """
    arn = request.params.get("recipeArn")
    if "solutionArn" in request.params:
        arn = request.region.get(request.params["solutionArn"], "Solution").fields.get("recipeArn")
    if arn is not None and arn not in RECIPES:
        raise invalid(f"There is no recipe with ARN {arn}.")
    return RECIPES[arn] if arn is not None else None


def recipe_is_for_solutions(request: Request) -> None:
    """A solution names a recipe for solutions, unless AutoML chooses one (API reference, CreateSolution).

    That the recipes no longer available are refused, and use cases: inferred from the developer guide.
    """
    recipe = recipe_of(request)
    if request.params.get("performAutoML"):
        if recipe:
            raise invalid("When performAutoML is true, recipeArn must be omitted.")
        return
    if recipe is None:
        raise invalid("recipeArn is required when performAutoML is false.")
    if recipe.is_use_case:
        raise invalid(f"{recipe.name} is a use case for recommenders, not a recipe for solutions.")
    if recipe.is_legacy:
        raise invalid(f"The legacy recipe {recipe.name} is no longer available. Use aws-user-personalization-v2.")


def candidates(fields: Mapping[str, Any]) -> list[Recipe]:
    """The recipes of which a training takes the best: the one of the solution, or those that AutoML tries.

    Args:
        fields: description of a solution or solution version.
    """
    if "recipeArn" in fields:
        return [RECIPES[fields["recipeArn"]]]
    named = fields["solutionConfig"].get("autoMLConfig", {}).get("recipeList")
    return [RECIPES[arn] for arn in named] if named else [one for one in RECIPES.values() if one.name in _AUTO_ML]


def auto_ml_is_valid(request: Request) -> None:
    """AutoML chooses among recipes of type USER_PERSONALIZATION (API reference, CreateSolution).

    That a list with others is refused is inferred.
    """
    named = request.params.get("solutionConfig", {}).get("autoMLConfig", {}).get("recipeList", [])
    for arn in named:
        recipe = RECIPES.get(arn)
        if recipe is None or recipe.type != USER_PERSONALIZATION or recipe.is_use_case or recipe.is_legacy:
            raise invalid(f"autoMLConfig: {arn} is not a recipe of type {USER_PERSONALIZATION} that can be trained.")


def options_fit_recipe(request: Request) -> None:
    """Options must be among those of the recipe, and hyperparameters within their ranges.

    Sources: the page of each recipe, "Hyperparameters and HPO"; API reference, CreateSolution, HPOResourceConfig. That
    a hyperparameter which the algorithm does not have is refused, and how: recorded in a public issue, for the ranges
    of HPO; for values, and for the limits, it is inferred.
    """
    recipe = recipe_of(request)
    if recipe is None:
        # With AutoML only autoMLConfig counts (API reference, CreateSolution).
        return
    params, config = request.params, request.params.get("solutionConfig", {})
    _check_values(config.get("algorithmHyperParameters", {}), recipe.algorithm, recipe)
    _check_values(config.get("featureTransformationParameters", {}), recipe.features, recipe)
    _check_hpo(config.get("hpoConfig", {}), recipe)
    if params.get("performHPO") and not recipe.hpo:
        raise invalid(f"{recipe.name} does not support hyperparameter optimization (performHPO).")
    if config.get("optimizationObjective") and not recipe.has_objective:
        raise invalid(f"{recipe.name} does not support optimizationObjective.")


def incremental_updates_fit_recipe(request: Request) -> None:
    """Incremental updates are for semantic similarity only (API reference, CreateSolution, UpdateSolution)."""
    recipe = recipe_of(request)
    if request.params.get("performIncrementalUpdate") and (recipe is None or recipe.name != SEMANTIC_SIMILARITY):
        raise invalid("performIncrementalUpdate is supported only by the semantic-similarity recipe.")


def _check_values(given: Mapping[str, str], known: Iterable[Parameter], recipe: Recipe) -> None:
    by_name = {one.name: one for one in known}
    for name, value in given.items():
        parameter = _known(name, by_name, recipe)
        if parameter.only_tuned:
            raise invalid(f"{name} of {recipe.name} can be set by hyperparameter optimization only (hpoConfig).")
        _check_value(parameter, value)


def _known(name: str, by_name: Mapping[str, Parameter], recipe: Recipe) -> Parameter:
    if name not in by_name:
        raise invalid(f"Provide a hyperparameter that is used in the algorithm: {recipe.algorithm_arn}")
    return by_name[name]


def _check_value(parameter: Parameter, value: Any) -> None:
    if not parameter.accepts(value):
        raise invalid(f"{parameter.name} must be {parameter.wants()}, not '{value}'.")


def _check_hpo(config: Mapping[str, Any], recipe: Recipe) -> None:
    for member, value in config.get("hpoResourceConfig", {}).items():
        _check_value(_RESOURCES[member], value)
    by_name = {one.name: one for one in recipe.algorithm}
    for kind, given in config.get("algorithmHyperParameterRanges", {}).items():
        for one in given:
            parameter = _known(one["name"], by_name, recipe)
            if not parameter.tunable or parameter.ranges != kind:
                raise invalid(f"{parameter.name} of {recipe.name} cannot be tuned in {kind}.")
            for value in _ends(one):
                _check_value(parameter, value)


def _ends(given: Mapping[str, Any]) -> Iterator[Any]:
    yield from given.get("values", ())
    yield from (given[end] for end in ("minValue", "maxValue") if end in given)


def events_fit_recipe(request: Request) -> None:
    """Event types are weighed by the v2 recipes, and need a column EVENT_TYPE; the code is inferred.

    Source: developer guide, "Optimizing a solution with events configuration".
    """
    config = request.params.get("solutionConfig") or request.params.get("solutionUpdateConfig") or {}
    if not config.get("eventsConfig"):
        return
    recipe = recipe_of(request)
    if recipe is None or not recipe.weighs_events:
        raise invalid(f"{recipe.name if recipe else 'AutoML'} does not support eventsConfig.")
    schema = _schema(request.region, _group_arn(request), "INTERACTIONS")
    if schema is None or schema.field("EVENT_TYPE") is None:
        raise invalid("eventsConfig needs an Item interactions dataset with a column EVENT_TYPE.")


def objective_is_a_column(request: Request) -> None:
    """The objective is a numeric column of Items that is never null; the code is inferred.

    Source: developer guide, "Optimizing a solution for an additional objective".
    """
    name = request.params.get("solutionConfig", {}).get("optimizationObjective", {}).get("itemAttribute")
    if name is None:
        return
    schema = _schema(request.region, _group_arn(request), "ITEMS")
    field = schema.field(name) if schema else None
    if field is None or not field.is_numeric or field.nullable:
        raise invalid(f"optimizationObjective: {name} must be a numeric column of the Items dataset without null.")


def items_have_texts(request: Request) -> None:
    """Semantic-Similarity needs a text field, and one with the name of the item; the code is inferred.

    Source: developer guide, "Semantic-Similarity recipe".
    """
    recipe = recipe_of(request)
    if recipe is None or recipe.name != SEMANTIC_SIMILARITY:
        return
    schema = _schema(request.region, _group_arn(request), "ITEMS")
    fields = schema.fields if schema else ()
    if not any(field.textual for field in fields) or not any(field.item_name for field in fields):
        raise invalid(f"{recipe.name} needs a textual field, and a string field with itemName, in the Items dataset.")


def threshold_is_a_number(request: Request) -> None:
    """EVENT_VALUE is compared with the threshold, so it is a number (API reference, SolutionConfig); inferred."""
    text = request.params.get("solutionConfig", {}).get("eventValueThreshold")
    anything = Decimal("eventValueThreshold", "", low=float("-inf"), high=float("inf"))
    if text is not None and not anything.accepts(text):
        raise invalid(f"eventValueThreshold must be a number, not '{text}'.")


def _group_arn(request: Request) -> str:
    if "solutionArn" in request.params:
        return str(request.region.get(request.params["solutionArn"], "Solution").fields["datasetGroupArn"])
    return str(request.params["datasetGroupArn"])


def _schema(region: Region, group_arn: str, dataset_type: str) -> avro.Schema | None:
    found = next(region.of("Dataset", datasetGroupArn=group_arn, datasetType=dataset_type), None)
    return avro.parse(region.get(found.fields["schemaArn"], "Schema").fields["schema"]) if found else None


# In the order in which they are checked.
RULES_OF_CREATION = (
    recipe_is_for_solutions,
    auto_ml_is_valid,
    options_fit_recipe,
    incremental_updates_fit_recipe,
    events_fit_recipe,
    objective_is_a_column,
    items_have_texts,
    threshold_is_a_number,
)
RULES_OF_CHANGE = (incremental_updates_fit_recipe, events_fit_recipe)
