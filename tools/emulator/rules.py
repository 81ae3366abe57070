"""The service's rules on creating, changing and deleting, one function each.

A rule raises the service's error or returns. docs/personalize-rules.md lists all rules with their sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import avro, filters
from .errors import exists, in_use, invalid, limit
from .quotas import Quotas
from .recipes import RECIPES, SEMANTIC_SIMILARITY, USER_SEGMENTATION, Recipe
from .region import ACTIVE, INACTIVE, Region, Resource, is_busy
from .request import Request

LATEST = "/$LATEST"
# Columns that are part of every training.
ALWAYS_TRAINED_ON = frozenset({"EVENT_TYPE", "USER_ID", "ITEM_ID", "TIMESTAMP"})
# Developer guide, "Replacing a dataset's schema to add new columns".
_WITH_REPLACEABLE_SCHEMA = ("ITEMS", "USERS")

Rule = Callable[[Request], None]
# What keeps a resource from being deleted: a sentence, or None.
Blocker = Callable[[Region, Resource], str | None]


# -- states ------------------------------------------------------------------------------------------------


def must_be_active(resource: Resource) -> None:
    """Refuse to build on what is not ACTIVE.

    API reference: CreateDatasetGroup ("wait until ACTIVE before adding a dataset"), CreateSolutionVersion,
    CreateCampaign, CreateDatasetImportJob. That a transition is ResourceInUse and a failure InvalidInput is inferred.
    """
    if resource.status == ACTIVE:
        return
    sentence = f"{resource.arn} must be ACTIVE, but is {resource.status}."
    raise in_use(sentence) if is_busy(resource.status) else invalid(sentence)


def must_be_settled(resource: Resource) -> None:
    """Refuse to change or delete what is in transition.

    Developer guide, "Requirements for deleting Amazon Personalize resources": nothing can be deleted whose status is
    changing.
    """
    if is_busy(resource.status):
        raise in_use(f"{resource.arn} is {resource.status}. Wait until it has settled.")


def must_not_be_updating(resource: Resource) -> None:
    """Refuse a second update while one is under way (API reference, Update*: ResourceInUseException)."""
    sentence = _update_under_way(resource)
    if sentence:
        raise in_use(sentence)


def _update_under_way(resource: Resource) -> str | None:
    if resource.update and is_busy(resource.update.status):
        return f"An update of {resource.arn} is {resource.update.status}. Wait until it has settled."
    return None


def must_be_updatable(request: Request, resource: Resource, *, from_failed: bool) -> None:
    """Refuse to update what is neither ACTIVE nor, for a campaign, CREATE FAILED (API reference, UpdateCampaign).

    For the other kinds this is inferred, and that a failed update can be followed by another; whether a stopped
    recommender can be updated no source says.
    """
    if resource.status == "UPDATE FAILED":
        return
    if from_failed and resource.status == "CREATE FAILED":
        return
    if resource.status == INACTIVE and request.region.environment.behaviour.updates_inactive_recommenders:
        return
    must_be_active(resource)


def must_change_something(request: Request, resource: Resource, fields: Mapping[str, Any]) -> None:
    """Refuse an update to what is there already, if the service is to do so; see `Behaviour`."""
    is_new = any(resource.fields.get(name) != value for name, value in fields.items())
    if request.region.environment.behaviour.refuses_unchanged and not is_new:
        raise invalid(f"The update of {resource.arn} changes nothing.")


# -- creating ----------------------------------------------------------------------------------------------


def group(request: Request) -> Resource:
    """The dataset group a request names."""
    return request.region.get(request.params["datasetGroupArn"], "DatasetGroup")


def group_is_active(request: Request) -> None:
    """The dataset group must be ACTIVE (API reference, CreateDatasetGroup)."""
    must_be_active(group(request))


def kms_key_needs_role(request: Request) -> None:
    """A KMS key needs a role that may use it (API reference, CreateDatasetGroup)."""
    if ("kmsKeyArn" in request.params) != ("roleArn" in request.params):
        raise invalid("Specify kmsKeyArn and roleArn together, or neither of them.")


def schema_is_valid(request: Request) -> None:
    """The schema must follow the rules for its dataset type and domain ("Creating schema JSON files ...")."""
    avro.parse(request.params["schema"], request.params.get("domain"))


def dataset_fits_schema(request: Request) -> None:
    """Schema, dataset type and dataset group must match.

    API reference, CreateSchema (domain: that of the dataset group) and CreateDataset (types, in any case). Nothing of
    actions is in a Domain dataset group: developer guide, "Preparing action metadata for training"; code inferred.
    """
    schema = request.region.get(request.params["schemaArn"], "Schema")
    _same_domain(schema, group(request))
    wanted = request.params["datasetType"].upper()
    if wanted not in avro.DATASET_TYPES.values():
        raise invalid(f"datasetType must be one of {', '.join(avro.DATASET_TYPES.values())}, not {wanted}.")
    if wanted in avro.OF_ACTIONS and group(request).fields.get("domain"):
        raise invalid(f"A Domain dataset group cannot have a dataset of type {wanted}.")
    _same_type(schema, wanted)


def new_schema_fits_dataset(request: Request) -> None:
    """A replacement schema keeps all fields, and adds only those that may be null.

    Source: developer guide, "Replacing a dataset's schema to add new columns".
    """
    dataset = request.region.get(request.params["datasetArn"], "Dataset")
    schema = request.region.get(request.params["schemaArn"], "Schema")
    _same_domain(schema, request.region.get(dataset.fields["datasetGroupArn"], "DatasetGroup"))
    _same_type(schema, dataset.fields["datasetType"])
    if dataset.fields["datasetType"] not in _WITH_REPLACEABLE_SCHEMA:
        raise invalid(f"The schema of a dataset of type {dataset.fields['datasetType']} cannot be replaced.")
    present = request.region.find(dataset.fields["schemaArn"], "Schema")
    if present:
        _keeps_fields(avro.parse(present.fields["schema"]), avro.parse(schema.fields["schema"]))


def _keeps_fields(present: avro.Schema, new: avro.Schema) -> None:
    for field in present.fields:
        if field not in new.fields:
            raise invalid(f"The new schema must keep the field {field.name} with its type and attributes.")
    for field in new.fields:
        if field not in present.fields and not field.nullable:
            raise invalid(f"The new field {field.name} must support null.")


def _same_domain(schema: Resource, owner: Resource) -> None:
    if schema.fields.get("domain") != owner.fields.get("domain"):
        raise invalid(
            f"The schema's domain ({schema.fields.get('domain', 'none')}) is not that of the dataset group "
            f"({owner.fields.get('domain', 'none')})."
        )


def _same_type(schema: Resource, dataset_type: str) -> None:
    actual = avro.parse(schema.fields["schema"]).dataset_type
    if actual != dataset_type:
        raise invalid(f"The schema is for a dataset of type {actual}, not {dataset_type}.")


def import_location_is_valid(request: Request) -> None:
    """Data is read from Amazon S3 (developer guide, "Common error messages in Amazon Personalize")."""
    location = request.params["dataSource"].get("dataLocation", "")
    if not re.fullmatch(r"s3://[^/]+/.+", location):
        raise invalid("Invalid Data location.")


def import_into_active_dataset(request: Request) -> None:
    """The dataset must be ACTIVE to import into; inferred from the API reference, CreateDatasetImportJob."""
    must_be_active(request.region.get(request.params["datasetArn"], "Dataset"))


def first_import_is_full(request: Request) -> None:
    """Without earlier bulk records only FULL is allowed (API reference, CreateDatasetImportJob)."""
    dataset = request.region.datasets.get(request.params["datasetArn"])
    if request.params.get("importMode") == "INCREMENTAL" and not (dataset and dataset.was_imported):
        raise invalid("The dataset has no bulk records yet, so importMode must be FULL.")


def recipe(request: Request) -> Recipe:
    """The recipe a request names."""
    found = RECIPES.get(request.params["recipeArn"])
    if found is None:
        raise invalid(f"There is no recipe with ARN {request.params['recipeArn']}.")
    return found


def recommender_fits_domain(request: Request) -> None:
    """Recommenders are for domain dataset groups and recipes of their domain (API reference, CreateRecommender)."""
    domain = group(request).fields.get("domain")
    if domain is None:
        raise invalid("Please use a domain-specific Dataset Group to create the Recommender")
    if recipe(request).domain != domain:
        raise invalid(f"{request.params['recipeArn']} is not a use case of the domain {domain}.")


def recommender_config_is_valid(request: Request) -> None:
    """Exploration is for use cases that explore ("VIDEO_ON_DEMAND use cases"), with documented ranges."""
    config = request.params.get("recommenderConfig", {})
    if "recipeArn" in request.params:
        used = recipe(request)
    else:
        used = RECIPES[request.region.get(request.params["recommenderArn"], "Recommender").fields["recipeArn"]]
    _exploration(config.get("itemExplorationConfig", {}), used)


def campaign_config_is_valid(request: Request) -> None:
    """Exploration and influence on the ranking are for the recipes that have them; the codes are inferred.

    API reference, CampaignConfig; developer guide, "Use case and recipe features", "Semantic-Similarity recipe".
    """
    config = request.params.get("campaignConfig", {})
    used = RECIPES[_served_version(request).fields["recipeArn"]]
    config_fits_recipe(config, used)
    _influences_have_data(request, config.get("rankingInfluence", {}))
    if used.type == USER_SEGMENTATION:
        raise invalid(f"{used.name} is for batch segment jobs; no campaign can deploy it.")


def _influences_have_data(request: Request, influences: Mapping[str, float]) -> None:
    """Popularity comes from interactions, freshness from a column of Items ("Semantic-Similarity recipe")."""
    group_arn = _served_group_arn(request)
    if "POPULARITY" in influences:
        _dataset(request.region, group_arn, "INTERACTIONS", "which rankingInfluence by POPULARITY requires")
    if "FRESHNESS" in influences:
        items = _dataset(request.region, group_arn, "ITEMS", "which rankingInfluence by FRESHNESS requires")
        schema = avro.parse(request.region.get(items.fields["schemaArn"], "Schema").fields["schema"])
        if schema.field("CREATION_TIMESTAMP") is None:
            raise invalid("rankingInfluence by FRESHNESS requires the column CREATION_TIMESTAMP in the Items dataset.")


def config_fits_recipe(config: Mapping[str, Any], used: Recipe) -> None:
    """Exploration and influence on the ranking are for the recipes that have them.

    API reference, CampaignConfig, BatchInferenceJobConfig; developer guide, "Use case and recipe features",
    "Semantic-Similarity recipe". The codes are inferred.
    """
    _exploration(config.get("itemExplorationConfig", {}), used)
    if config.get("rankingInfluence") and used.name != SEMANTIC_SIMILARITY:
        raise invalid(f"rankingInfluence is not supported by {used.name}.")


def _exploration(config: dict[str, str], used: Recipe) -> None:
    if config and not used.configures_exploration:
        raise invalid(f"itemExplorationConfig is not supported by {used.name}.")
    ranges = {"explorationWeight": (0.0, 1.0), "explorationItemAgeCutOff": (1.0, float("inf"))}
    for name, text in config.items():
        if name not in ranges:
            raise invalid(f"itemExplorationConfig has no parameter {name}.")
        low, high = ranges[name]
        try:
            fits = low <= float(text) <= high
        except ValueError:
            fits = False
        if not fits:
            raise invalid(f"{name} must be a number from {low:g} to {high:g}, not '{text}'.")


def required_datasets_exist(request: Request) -> None:
    """The datasets of the use case or recipe must be there, and ACTIVE.

    Developer guide, "VIDEO_ON_DEMAND use cases", "Preparing item interaction data for training", and the page of each
    recipe ("Required and optional datasets"). If AutoML chooses the recipe, it is the interactions: inferred.
    """
    if "recipeArn" not in request.params:
        interactions_exist(request)
        return
    for dataset_type in recipe(request).datasets:
        why = f"which {recipe(request).name} requires"
        must_be_active(_dataset(request.region, request.params["datasetGroupArn"], dataset_type, why))


def interactions_exist(request: Request) -> None:
    """There must be an Item interactions dataset, which is ACTIVE.

    Developer guide, "Creating an item interaction event tracker", speaks of the group that contains it. The code, and
    that it has to be ACTIVE, are inferred.
    """
    must_be_active(_dataset(request.region, request.params["datasetGroupArn"], "INTERACTIONS", "which it needs"))


def _dataset(region: Region, group_arn: str, dataset_type: str, why: str) -> Resource:
    found = next(region.of("Dataset", datasetGroupArn=group_arn, datasetType=dataset_type), None)
    if found is None:
        raise invalid(f"The dataset group has no {dataset_type} dataset, {why}.")
    return found


def training_columns_are_valid(request: Request) -> None:
    """Columns included in or excluded from training are columns of the group's datasets; some are always trained on.

    Developer guide, "Configuring columns used when training": EVENT_TYPE cannot be excluded. That neither the ids nor
    the timestamp can, that unknown columns are refused, and with which code, is inferred.
    """
    config = request.params.get("solutionConfig") or request.params.get("recommenderConfig") or {}
    columns = config.get("trainingDataConfig", {})
    owner = _group_arn(request)
    for member in ("includedDatasetColumns", "excludedDatasetColumns"):
        for dataset_type, names in columns.get(member, {}).items():
            dataset = _dataset(request.region, owner, dataset_type.upper(), f"which {member} names")
            schema = avro.parse(request.region.get(dataset.fields["schemaArn"], "Schema").fields["schema"])
            unknown = [name for name in names if schema.field(name) is None]
            if unknown:
                raise invalid(f"{member}: the {dataset_type} dataset has no column {', '.join(unknown)}.")
    for names in columns.get("excludedDatasetColumns", {}).values():
        kept = [name for name in names if name.upper() in ALWAYS_TRAINED_ON]
        if kept:
            raise invalid(f"{', '.join(kept)} cannot be excluded from training.")


def _group_arn(request: Request) -> str:
    if "datasetGroupArn" in request.params:
        return str(request.params["datasetGroupArn"])
    recommender = request.region.get(request.params["recommenderArn"], "Recommender")
    return str(recommender.fields["datasetGroupArn"])


def metadata_has_items(request: Request) -> None:
    """Metadata in recommendations comes from an Items dataset.

    Developer guide, "Enabling metadata in recommendations for a domain recommender", "Deploying an Amazon Personalize
    solution version with a campaign". That it is refused at once is inferred.
    """
    config = request.params.get("recommenderConfig") or request.params.get("campaignConfig") or {}
    if not config.get("enableMetadataWithRecommendations"):
        return
    _dataset(request.region, _served_group_arn(request), "ITEMS", "which enableMetadataWithRecommendations requires")


def _served_group_arn(request: Request) -> str:
    """The dataset group of a recommender or campaign, new or old."""
    if "campaignArn" in request.params or "solutionVersionArn" in request.params:
        return str(_served_version(request).fields["datasetGroupArn"])
    return _group_arn(request)


def _served_version(request: Request) -> Resource:
    """The solution version that a campaign, new or updated, is to deploy."""
    if "solutionVersionArn" in request.params:
        return deployable_version(request.region, request.params["solutionVersionArn"])
    campaign = request.region.get(request.params["campaignArn"], "Campaign")
    return request.region.get(campaign.fields["solutionVersionArn"], "SolutionVersion")


def schedule_is_valid(request: Request) -> None:
    """Automatic training is every 1 to 30 days (API reference, AutoTrainingConfig)."""
    config = request.params.get("solutionConfig") or request.params.get("solutionUpdateConfig") or {}
    expression = config.get("autoTrainingConfig", {}).get("schedulingExpression")
    if expression is not None and not 1 <= training_days(expression) <= 30:
        raise invalid("schedulingExpression must be rate(N days) with N from 1 to 30.")


def training_days(expression: str) -> int:
    """Days in `rate(N days)`."""
    found = re.search(r"\d+", expression)
    return int(found[0]) if found else 0


def solution_is_active(request: Request) -> None:
    """The solution must be ACTIVE to train (API reference, CreateSolutionVersion)."""
    must_be_active(request.region.get(request.params["solutionArn"], "Solution"))


def update_training_is_possible(request: Request) -> None:
    """UPDATE needs an ACTIVE version made by FULL, and User-Personalization (API reference, CreateSolutionVersion)."""
    if request.params.get("trainingMode") != "UPDATE":
        return
    solution = request.region.get(request.params["solutionArn"], "Solution")
    if solution.fields.get("recipeArn", "").rpartition("/")[2] != "aws-user-personalization":
        raise invalid("trainingMode UPDATE is supported only by the User-Personalization recipe.")
    versions = request.region.of("SolutionVersion", solutionArn=solution.arn, trainingMode="FULL")
    if not any(version.status == ACTIVE for version in versions):
        raise invalid("trainingMode UPDATE needs an active solution version that was trained with FULL.")


def deployable_version(region: Region, arn: str) -> Resource:
    """The solution version a campaign is to deploy: the one named, or the latest ACTIVE one of `<solution>/$LATEST`.

    API reference, CreateCampaign.
    """
    if not arn.endswith(LATEST):
        version = region.get(arn, "SolutionVersion")
        must_be_active(version)
        return version
    solution = region.get(arn.removesuffix(LATEST), "Solution")
    latest = latest_version(region, solution.arn)
    if latest is None:
        raise invalid(f"{solution.arn} has no active solution version.")
    return latest


def latest_version(region: Region, solution_arn: str) -> Resource | None:
    """The newest ACTIVE version of a solution."""
    versions = [one for one in region.of("SolutionVersion", solutionArn=solution_arn) if one.status == ACTIVE]
    return versions[-1] if versions else None


def campaign_version_is_deployable(request: Request) -> None:
    """A campaign deploys an ACTIVE version; to follow the latest, it must name `$LATEST` (API: CampaignConfig)."""
    arn = request.params.get("solutionVersionArn")
    if arn is not None:
        deployable_version(request.region, arn)
    syncs = request.params.get("campaignConfig", {}).get("syncWithLatestSolutionVersion")
    if syncs and not (arn or "").endswith(LATEST):
        raise invalid("syncWithLatestSolutionVersion requires solutionVersionArn in SolutionArn/$LATEST format.")


def filter_group_is_active(request: Request) -> None:
    """The dataset group must be ACTIVE; inferred. CreateFilter has no ResourceInUseException to say "not yet" with."""
    found = group(request)
    if found.status != ACTIVE:
        raise invalid(f"{found.arn} must be ACTIVE, but is {found.status}.")


def filter_is_valid(request: Request) -> None:
    """The expression must parse, and use fields of the group's schemas ("Filter expressions")."""
    parsed = filters.parse(request.params["filterExpression"])
    region, group_arn = request.region, request.params["datasetGroupArn"]
    schemas = {
        one.fields["datasetType"]: region.datasets[one.arn].schema
        for one in region.of("Dataset", datasetGroupArn=group_arn)
        if one.arn in region.datasets
    }
    quotas = region.environment.quotas
    filters.check_fields(parsed, schemas, quotas.fields_per_filter)
    used = parsed.fields().union(
        *(
            filters.parse(one.fields["filterExpression"]).fields()
            for one in region.of("Filter", datasetGroupArn=group_arn)
        )
    )
    if len(used) > quotas.filter_fields_per_dataset_group:
        raise limit(
            f"More than {quotas.filter_fields_per_dataset_group} distinct dataset fields across the filters of the "
            f"dataset group."
        )


def one_event_tracker(request: Request) -> None:
    """A dataset group has at most one event tracker (API reference, CreateEventTracker); the code is inferred."""
    for tracker in request.region.of("EventTracker", datasetGroupArn=request.params["datasetGroupArn"]):
        raise exists(f"The dataset group already has an event tracker: {tracker.arn}.")


# -- quotas ------------------------------------------------------------------------------------------------


def at_most(quota: str, noun: str, scope: str | None = None, pending: bool = False) -> Rule:
    """A rule on the number of resources of a kind.

    Quotas; the sentences are those of the developer guide, "Common error messages in Amazon Personalize".

    Args:
        quota: attribute of Quotas.
        noun: the kind.
        scope: request member whose value they share; None for all in the region.
        pending: whether only those in transition count.
    """

    def rule(request: Request) -> None:
        maximum = getattr(request.region.environment.quotas, quota)
        owner = _scope(request, scope)
        found = [one for one in request.region.of(noun) if owner is None or _owner(request.region, one) == owner]
        if pending:
            found = [one for one in found if is_busy(one.status)]
        if len(found) < maximum:
            return
        state = (
            "with PENDING or IN_PROGRESS status." if pending else "in ACTIVE state. Please delete some and try again."
        )
        raise limit(f"More than {maximum} resources {state}")

    assert hasattr(Quotas(), quota)
    return rule


def _scope(request: Request, member: str | None) -> str | None:
    if member != "solutionVersionArn":
        return request.params[member] if member else None
    version = deployable_version(request.region, request.params[member])
    return str(version.fields["datasetGroupArn"])


def _owner(region: Region, resource: Resource) -> str | None:
    """ARN of a resource's dataset group."""
    if resource.kind.noun == "Campaign":
        version = region.find(resource.fields["solutionVersionArn"])
        return version.fields["datasetGroupArn"] if version else None
    return resource.fields.get("datasetGroupArn")


# -- deleting ----------------------------------------------------------------------------------------------


def holds(noun: str, member: str, words: str, own: str | None = None) -> Blocker:
    """A blocker: resources of a kind that name the one to be deleted.

    Args:
        noun: kind of the resources.
        member: their field.
        words: what they are.
        own: field of the resource to be deleted that has the same value; None for its ARN.
    """

    def blocker(region: Region, resource: Resource) -> str | None:
        value = resource.fields[own] if own else resource.arn
        found = next(region.of(noun, **{member: value}), None)
        return _delete_first(resource, words, found) if found else None

    return blocker


def is_recorded_into(region: Region, resource: Resource) -> str | None:
    """A blocker: an event tracker, for an Interactions dataset.

    Developer guide, "Requirements for deleting Amazon Personalize resources".
    """
    if resource.fields["datasetType"] != "INTERACTIONS":
        return None
    found = next(region.of("EventTracker", datasetGroupArn=resource.fields["datasetGroupArn"]), None)
    return _delete_first(resource, "an event tracker", found) if found else None


def is_deployed(region: Region, resource: Resource) -> str | None:
    """A blocker: campaigns of a dataset's group that are ACTIVE or in transition.

    Developer guide, "Requirements for deleting Amazon Personalize resources".
    """
    for campaign in region.of("Campaign"):
        is_ours = _owner(region, campaign) == resource.fields["datasetGroupArn"]
        if is_ours and (campaign.status == ACTIVE or is_busy(campaign.status)):
            return _delete_first(resource, "a campaign", campaign)
    return None


def is_updating(region: Region, resource: Resource) -> str | None:
    """A blocker: an update under way.

    Developer guide, "Requirements for deleting Amazon Personalize resources", says so of solutions only.
    """
    return _update_under_way(resource)


def _delete_first(resource: Resource, words: str, found: Resource) -> str:
    return f"{resource.arn} still has {words}: {found.arn}. Delete it first."


def is_worked_on(noun: str, member: str, own: str | None = None) -> Blocker:
    """A blocker: resources of a kind in transition that name the same thing as the one to be deleted.

    Args:
        noun: kind of the resources.
        member: their field.
        own: field of the resource to be deleted that has the same value; None for its ARN.
    """

    def blocker(region: Region, resource: Resource) -> str | None:
        value = resource.fields[own] if own else resource.arn
        busy = (one for one in region.of(noun, **{member: value}) if is_busy(one.status))
        found = next(busy, None)
        return f"{resource.arn} is in use by {found.arn}, which is {found.status}." if found else None

    return blocker


def check_deletable(region: Region, resource: Resource, blockers: Iterable[Blocker]) -> None:
    """Raise ResourceInUseException for the first blocker that says so."""
    must_be_settled(resource)
    for blocker in blockers:
        sentence = blocker(region, resource)
        if sentence:
            raise in_use(sentence)
