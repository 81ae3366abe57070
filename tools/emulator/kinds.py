"""Every kind of resource, described once: here, or in the module of its topic.

Operation, field and status names are those of the `personalize` service model in botocore.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import (
    attributions,
    avro,
    cloudwatch,
    deletions,
    exports,
    inference,
    lifecycle,
    reports,
    rules,
    segments,
    solution_config,
    training,
)
from .data import Dataset, ImportFailedError, read_import
from .kind import Fields, Kind, UpdateRule, named, taken
from .objects import CountedObjects
from .region import ACTIVE, Region, Resource, is_busy
from .request import Request

_DAY = 86_400.0
_DEFAULT_SCHEDULE = "rate(7 days)"


# -- dataset groups, schemas, datasets ---------------------------------------------------------------------


def _dataset_path(request: Request) -> str:
    return f"dataset/{request.params['datasetGroupArn'].rpartition('/')[2]}/{request.params['datasetType'].upper()}"


def _dataset_fields(request: Request) -> Fields:
    fields = taken("schemaArn", "datasetGroupArn")(request)
    dataset_type = request.params["datasetType"].upper()
    # Developer guide, "Finding the ID of your action interaction event tracker".
    tracked = {"trackingId": request.region.new_uuid("tracking")} if dataset_type == "ACTION_INTERACTIONS" else {}
    return {**fields, "datasetType": dataset_type, **tracked}


def _open_dataset(region: Region, resource: Resource, at: float) -> None:
    region.datasets[resource.arn] = Dataset(_schema_of(region, resource))


def _schema_of(region: Region, resource: Resource) -> avro.Schema:
    return avro.parse(region.get(resource.fields["schemaArn"], "Schema").fields["schema"])


def _change_schema(region: Region, resource: Resource, before: Fields, at: float) -> str | None:
    if region.find(resource.fields["schemaArn"], "Schema") is None:
        return "The schema no longer exists."
    region.datasets[resource.arn].schema = _schema_of(region, resource)
    return None


def _drop_group(region: Region, resource: Resource, at: float) -> None:
    for job in region.of("DataDeletionJob", datasetGroupArn=resource.arn):
        region.remove(job)


def _drop_dataset(region: Region, resource: Resource, at: float) -> None:
    region.datasets.pop(resource.arn, None)
    for noun in ("DatasetImportJob", "DatasetExportJob"):
        for job in region.of(noun, datasetArn=resource.arn):
            region.remove(job)


def _read_data(region: Region, resource: Resource, at: float) -> str | None:
    fields, environment = resource.fields, region.environment
    dataset = region.datasets[fields["datasetArn"]]
    location = fields["dataSource"]["dataLocation"]
    # There is none for the first interactions with actions: developer guide, "Preparing action interaction data for
    # training", "Updating data in datasets after training".
    is_free = dataset.dataset_type == "ACTION_INTERACTIONS" and fields["importMode"] == "FULL"
    minimum = 0 if is_free else environment.quotas.interactions_per_import
    objects = CountedObjects(environment.objects)
    try:
        resource.work = read_import(objects, fields["roleArn"], location, dataset.schema, minimum)
    except ImportFailedError as failed:
        return str(failed)
    cloudwatch.report_size(region, resource, objects.size, at)
    return None


def _apply_data(region: Region, resource: Resource, at: float) -> str | None:
    region.datasets[resource.fields["datasetArn"]].apply(resource.work, resource.fields["importMode"], at)
    reports.report_import(region, resource, resource.work, at)
    resource.work = None
    return None


# -- recommenders ------------------------------------------------------------------------------------------


def _recommender_fields(request: Request) -> Fields:
    fields = taken("datasetGroupArn", "recipeArn")(request)
    return {**fields, "recommenderConfig": _recommender_config(request)}


def _recommender_config(request: Request) -> Fields:
    """The configuration as a request has it: an update that leaves a member out sets it back to its default."""
    defaults = {"minRecommendationRequestsPerSecond": 1, "enableMetadataWithRecommendations": False}
    return {**defaults, **request.params.get("recommenderConfig", {})}


def _new_recommender_config(request: Request, resource: Resource) -> Fields:
    return {"recommenderConfig": _recommender_config(request)}


def _training_columns(config: Fields) -> Fields:
    return {member: columns for member, columns in config.get("trainingDataConfig", {}).items() if columns}


def _retrains(request: Request, resource: Resource) -> bool:
    """Whether an update changes the columns used in training (API reference, UpdateRecommender)."""
    new, current = request.params["recommenderConfig"], resource.fields["recommenderConfig"]
    return _training_columns(new) != _training_columns(current)


def _recommender_update_seconds(request: Request, resource: Resource) -> float:
    durations = request.region.environment.durations
    return durations.retrain_recommender if _retrains(request, resource) else durations.update_recommender


def _retrain_weekly(region: Region, resource: Resource, at: float) -> None:
    """Train a recommender again every 7 days (developer guide, "Domain recommenders in Amazon Personalize").

    That it keeps its model if there is too little data by then, and that one which is stopped waits, is inferred.
    """

    def again(when: float) -> None:
        if region.find(resource.arn) is not resource:
            return
        if resource.status == ACTIVE and training.start(region, resource, when) is None:
            training.finish(region, resource, when)
        region.at(when + 7 * _DAY, again)

    region.at(at + 7 * _DAY, again)


def _retrain_if_needed(region: Region, resource: Resource, before: Fields, at: float) -> str | None:
    old, new = before["recommenderConfig"], resource.fields["recommenderConfig"]
    if _training_columns(old) == _training_columns(new):
        return None
    return training.start(region, resource, at) or training.finish(region, resource, at)


# -- solutions and their versions --------------------------------------------------------------------------


def _solution_fields(request: Request) -> Fields:
    fields = taken(
        "datasetGroupArn",
        "recipeArn",
        "eventType",
        "performHPO",
        "performAutoML",
        "performAutoTraining",
        "performIncrementalUpdate",
        performHPO=False,
        performAutoML=False,
        performAutoTraining=True,
        performIncrementalUpdate=False,
    )(request)
    if fields["performAutoML"]:
        # API reference, CreateSolution: with AutoML it always is.
        fields["performHPO"] = True
    config = dict(request.params.get("solutionConfig", {}))
    if fields["performAutoTraining"]:
        config.setdefault("autoTrainingConfig", {"schedulingExpression": _DEFAULT_SCHEDULE})
    return {**fields, "solutionConfig": config}


def _new_solution_fields(request: Request, resource: Resource) -> Fields:
    fields = {
        member: request.params[member]
        for member in ("performAutoTraining", "performIncrementalUpdate")
        if member in request.params
    }
    config = dict(resource.fields["solutionConfig"])
    if "solutionUpdateConfig" in request.params:
        # What it can hold is replaced as a whole, like the configuration of a campaign.
        config = {name: value for name, value in config.items() if name not in ("autoTrainingConfig", "eventsConfig")}
        config |= request.params["solutionUpdateConfig"]
    if fields.get("performAutoTraining", resource.fields["performAutoTraining"]):
        config.setdefault("autoTrainingConfig", {"schedulingExpression": _DEFAULT_SCHEDULE})
    return {**fields, "solutionConfig": config}


def _solution_update_shown(request: Request, resource: Resource) -> Fields:
    return {member: value for member, value in request.params.items() if member != "solutionArn"}


def _schedule_training(region: Region, resource: Resource, at: float) -> None:
    """Plan the first automatic training.

    API reference, CreateSolution, UpdateSolution: within one hour after the solution is ACTIVE, or its update is;
    skipped if a version was made by hand within that hour; then by the schedule, every 7 days by default.
    """
    if not resource.fields["performAutoTraining"]:
        return
    resource.turn += 1
    turn = resource.turn
    active_since = at

    def first(when: float) -> None:
        if resource.turn != turn:
            return
        manual = any(one.created >= active_since for one in region.of("SolutionVersion", solutionArn=resource.arn))
        if not manual:
            _train_automatically(region, resource, when)
        again(when)

    def again(when: float) -> None:
        expression = resource.fields["solutionConfig"]["autoTrainingConfig"]["schedulingExpression"]
        region.at(when + rules.training_days(expression) * _DAY, due)

    def due(when: float) -> None:
        if resource.turn != turn:
            return
        _train_automatically(region, resource, when)
        again(when)

    region.at(at + region.environment.durations.first_automatic_training, first)


def _train_automatically(region: Region, solution: Resource, at: float) -> None:
    """Train, if data came in since the last training (developer guide, "Configuring automatic training")."""
    recipe = solution_config.candidates(solution.fields)[0]
    changes = training.changes_of(region, solution.fields["datasetGroupArn"], recipe)
    models = [one.model or one.work for one in region.of("SolutionVersion", solutionArn=solution.arn)]
    known = max((model.trained_on for model in models if model), default=0)
    if changes == known:
        return
    pending = sum(is_busy(version.status) for version in region.of("SolutionVersion"))
    if pending >= region.environment.quotas.pending_solution_versions:
        return
    kind = KINDS["SolutionVersion"]
    fields = {**_inherited(solution), "trainingMode": "FULL", "trainingType": "AUTOMATIC"}
    arn = f"{solution.arn}/{region.new_id(solution.arn)}"
    lifecycle.create(region, Resource(kind, arn, _version_name(arn), fields, created=at, updated=at), at)


def _reschedule_training(region: Region, resource: Resource, before: Fields, at: float) -> str | None:
    keys = ("performAutoTraining",)
    schedule = [one["solutionConfig"].get("autoTrainingConfig") for one in (before, resource.fields)]
    if all(before[key] == resource.fields[key] for key in keys) and schedule[0] == schedule[1]:
        return None
    resource.turn += 1
    _schedule_training(region, resource, at)
    return None


def _forget_versions(region: Region, resource: Resource, at: float) -> None:
    """All versions go with their solution (API reference, DeleteSolution), and batch jobs that have ended with them."""
    for version in region.of("SolutionVersion", solutionArn=resource.arn):
        for noun in ("BatchInferenceJob", "BatchSegmentJob"):
            for job in region.of(noun, solutionVersionArn=version.arn):
                if not is_busy(job.status):
                    region.remove(job)
        region.remove(version)


def _version_path(request: Request) -> str:
    arn = request.params["solutionArn"]
    return f"solution/{arn.rpartition('/')[2]}/{request.params.get('name') or request.region.new_id(arn)}"


def _version_name(arn: str) -> str:
    """The solution's name and the last part of the version's ARN (docs/personalize-rules.md, "Solution versions")."""
    return arn.partition(":solution/")[2]


def _inherited(solution: Resource) -> Fields:
    members = (
        "datasetGroupArn",
        "recipeArn",
        "eventType",
        "performHPO",
        "performAutoML",
        "performIncrementalUpdate",
        "solutionConfig",
    )
    return {
        "solutionArn": solution.arn,
        **{member: solution.fields[member] for member in members if member in solution.fields},
    }


def _version_fields(request: Request) -> Fields:
    solution = request.region.get(request.params["solutionArn"], "Solution")
    mode = request.params.get("trainingMode", "FULL")
    return {**_inherited(solution), "trainingMode": mode, "trainingType": "MANUAL"}


def _finish_version(region: Region, resource: Resource, at: float) -> str | None:
    seconds = (at - resource.created) * region.environment.speed
    resource.fields["trainingHours"] = round(seconds / 3600, 3)
    failed = training.finish(region, resource, at)
    solution = region.find(resource.fields["solutionArn"], "Solution")
    if resource.fields["performAutoML"] and solution and not failed:
        solution.fields["autoMLResult"] = {"bestRecipeArn": resource.fields["recipeArn"]}
    return failed


def _roll_out(region: Region, version: Resource, at: float) -> None:
    """Campaigns that follow the latest version are updated to a new one (API reference, CampaignConfig)."""
    for campaign in region.of("Campaign", solutionArn=version.fields["solutionArn"]):
        if campaign.status == ACTIVE:
            _catch_up(region, campaign, at)


def _catch_up(region: Region, campaign: Resource, at: float) -> None:
    latest = rules.latest_version(region, campaign.fields["solutionArn"])
    follows = campaign.fields["campaignConfig"].get("syncWithLatestSolutionVersion")
    if not follows or latest is None or latest.arn == campaign.fields["solutionVersionArn"]:
        return
    fields = {"solutionVersionArn": latest.arn}
    shown = {
        "solutionVersionArn": latest.arn,
        "minProvisionedTPS": campaign.fields["minProvisionedTPS"],
        "campaignConfig": campaign.fields["campaignConfig"],
    }
    lifecycle.update(region, campaign, fields, shown, region.environment.durations.update_campaign, at)


# -- campaigns ---------------------------------------------------------------------------------------------


def _campaign_fields(request: Request) -> Fields:
    fields = taken("minProvisionedTPS", "campaignConfig", minProvisionedTPS=1, campaignConfig={})(request)
    return {**fields, **_campaign_version(request)}


def _campaign_version(request: Request) -> Fields:
    arn = request.params.get("solutionVersionArn")
    if arn is None:
        return {}
    version = rules.deployable_version(request.region, arn)
    return {"solutionVersionArn": version.arn, "solutionArn": version.fields["solutionArn"]}


def _new_campaign_fields(request: Request, resource: Resource) -> Fields:
    given = {k: request.params[k] for k in ("minProvisionedTPS", "campaignConfig") if k in request.params}
    return {**given, **_campaign_version(request)}


def _campaign_update_shown(request: Request, resource: Resource) -> Fields:
    members = ("solutionVersionArn", "minProvisionedTPS", "campaignConfig")
    return {**{member: resource.fields[member] for member in members}, **_new_campaign_fields(request, resource)}


# -- event trackers ----------------------------------------------------------------------------------------


def _tracker_fields(request: Request) -> Fields:
    return {
        "datasetGroupArn": request.params["datasetGroupArn"],
        "accountId": request.region.environment.account_id,
        "trackingId": request.region.new_uuid("tracking"),
    }


_GROUP = {"datasetGroupArn": "DatasetGroup"}

KINDS: Mapping[str, Kind] = {
    kind.noun: kind
    for kind in (
        Kind(
            noun="DatasetGroup",
            key="datasetGroup",
            list_key="datasetGroups",
            path=named("dataset-group"),
            fields=taken("domain", "roleArn", "kmsKeyArn"),
            rules=(rules.kms_key_needs_role, rules.at_most("dataset_groups", "DatasetGroup")),
            answers=("domain",),
            # API reference, DeleteDatasetGroup. Recommenders and metric attributions: inferred from the order of
            # deletion in the developer guide, "Requirements for deleting Amazon Personalize resources".
            blockers=(
                rules.holds("EventTracker", "datasetGroupArn", "an event tracker"),
                rules.holds("Solution", "datasetGroupArn", "a solution"),
                rules.holds("Recommender", "datasetGroupArn", "a recommender"),
                rules.holds("MetricAttribution", "datasetGroupArn", "a metric attribution"),
                rules.holds("Dataset", "datasetGroupArn", "a dataset"),
            ),
            deletes_from_pending=True,
            deleted=_drop_group,
        ),
        Kind(
            noun="Schema",
            key="schema",
            list_key="schemas",
            path=named("schema"),
            fields=taken("schema", "domain"),
            rules=(rules.schema_is_valid, rules.at_most("schemas", "Schema")),
            # API reference, DeleteSchema.
            blockers=(rules.holds("Dataset", "schemaArn", "a dataset"),),
            taggable=False,
            has_status=False,
        ),
        Kind(
            noun="Dataset",
            key="dataset",
            list_key="datasets",
            path=_dataset_path,
            fields=_dataset_fields,
            parents={"schemaArn": "Schema", **_GROUP},
            rules=(rules.group_is_active, rules.dataset_fits_schema),
            list_by="datasetGroupArn",
            update=UpdateRule(
                "UpdateDataset",
                "latestDatasetUpdate",
                (rules.new_schema_fits_dataset,),
                lambda request, resource: {"schemaArn": request.params["schemaArn"]},
                in_status=True,
            ),
            # API reference, DeleteDataset; developer guide, "Requirements for deleting Amazon Personalize resources".
            blockers=(
                rules.holds("Filter", "datasetGroupArn", "a filter in its dataset group", own="datasetGroupArn"),
                rules.is_recorded_into,
                attributions.is_reported_on,
                rules.is_deployed,
                rules.is_worked_on("DatasetImportJob", "datasetArn"),
                rules.is_worked_on("SolutionVersion", "datasetGroupArn", own="datasetGroupArn"),
                rules.is_worked_on("Recommender", "datasetGroupArn", own="datasetGroupArn"),
                rules.is_worked_on("BatchInferenceJob", "datasetGroupArn", own="datasetGroupArn"),
                rules.is_worked_on("BatchSegmentJob", "datasetGroupArn", own="datasetGroupArn"),
            ),
            activated=_open_dataset,
            updated=_change_schema,
            deleted=_drop_dataset,
        ),
        Kind(
            noun="DatasetImportJob",
            key="datasetImportJob",
            list_key="datasetImportJobs",
            path=named("dataset-import-job", "jobName"),
            fields=taken(
                "datasetArn", "dataSource", "roleArn", "importMode", "publishAttributionMetricsToS3", importMode="FULL"
            ),
            parents={"datasetArn": "Dataset"},
            rules=(
                rules.import_location_is_valid,
                rules.import_into_active_dataset,
                rules.first_import_is_full,
                rules.at_most("pending_dataset_import_jobs", "DatasetImportJob", pending=True),
            ),
            list_by="datasetArn",
            name_member="jobName",
            can_be_deleted=False,
            start=_read_data,
            finish=_apply_data,
        ),
        Kind(
            noun="Recommender",
            key="recommender",
            list_key="recommenders",
            path=named("recommender"),
            fields=_recommender_fields,
            parents=_GROUP,
            rules=(
                rules.group_is_active,
                rules.recommender_fits_domain,
                rules.recommender_config_is_valid,
                rules.required_datasets_exist,
                rules.training_columns_are_valid,
                rules.metadata_has_items,
                rules.at_most("recommenders", "Recommender"),
                rules.at_most("recommenders_per_dataset_group", "Recommender", scope="datasetGroupArn"),
            ),
            list_by="datasetGroupArn",
            update=UpdateRule(
                "UpdateRecommender",
                "latestRecommenderUpdate",
                (rules.recommender_config_is_valid, rules.training_columns_are_valid, rules.metadata_has_items),
                _new_recommender_config,
                seconds=_recommender_update_seconds,
            ),
            start=training.start,
            finish=training.finish,
            activated=_retrain_weekly,
            updated=_retrain_if_needed,
        ),
        Kind(
            noun="Solution",
            key="solution",
            list_key="solutions",
            path=named("solution"),
            fields=_solution_fields,
            parents=_GROUP,
            rules=(
                rules.group_is_active,
                rules.required_datasets_exist,
                *solution_config.RULES_OF_CREATION,
                rules.training_columns_are_valid,
                rules.schedule_is_valid,
                rules.at_most("solutions_per_dataset_group", "Solution", scope="datasetGroupArn"),
            ),
            list_by="datasetGroupArn",
            update=UpdateRule(
                "UpdateSolution",
                "latestSolutionUpdate",
                (rules.schedule_is_valid, *solution_config.RULES_OF_CHANGE),
                _new_solution_fields,
                shown=_solution_update_shown,
            ),
            # API reference, DeleteSolution; developer guide, "Requirements for deleting Amazon Personalize resources".
            blockers=(
                rules.is_updating,
                rules.holds("Campaign", "solutionArn", "a campaign"),
                rules.is_worked_on("SolutionVersion", "solutionArn"),
            ),
            activated=_schedule_training,
            updated=_reschedule_training,
            deleted=_forget_versions,
        ),
        Kind(
            noun="SolutionVersion",
            key="solutionVersion",
            list_key="solutionVersions",
            path=_version_path,
            fields=_version_fields,
            parents={"solutionArn": "Solution"},
            rules=(
                rules.solution_is_active,
                rules.update_training_is_possible,
                rules.at_most("pending_solution_versions", "SolutionVersion", pending=True),
            ),
            list_by="solutionArn",
            name=lambda _request, arn: _version_name(arn),
            can_be_deleted=False,
            start=training.start,
            finish=_finish_version,
            activated=_roll_out,
        ),
        Kind(
            noun="Campaign",
            key="campaign",
            list_key="campaigns",
            path=named("campaign"),
            fields=_campaign_fields,
            rules=(
                rules.campaign_version_is_deployable,
                rules.campaign_config_is_valid,
                rules.metadata_has_items,
                rules.at_most("campaigns_per_dataset_group", "Campaign", scope="solutionVersionArn"),
            ),
            list_by="solutionArn",
            update=UpdateRule(
                "UpdateCampaign",
                "latestCampaignUpdate",
                (rules.campaign_version_is_deployable, rules.campaign_config_is_valid, rules.metadata_has_items),
                _new_campaign_fields,
                shown=_campaign_update_shown,
                from_failed=True,
            ),
            # A version may have become ACTIVE meanwhile.
            activated=_catch_up,
        ),
        Kind(
            noun="Filter",
            key="filter",
            list_key="Filters",
            path=named("filter"),
            fields=taken("datasetGroupArn", "filterExpression"),
            parents=_GROUP,
            rules=(
                rules.filter_group_is_active,
                rules.filter_is_valid,
                rules.at_most("filters_per_dataset_group", "Filter", scope="datasetGroupArn"),
            ),
            list_by="datasetGroupArn",
        ),
        Kind(
            noun="EventTracker",
            key="eventTracker",
            list_key="eventTrackers",
            path=lambda request: f"event-tracker/{request.region.new_id(request.params['datasetGroupArn'])}",
            fields=_tracker_fields,
            parents=_GROUP,
            rules=(rules.group_is_active, rules.interactions_exist, rules.one_event_tracker),
            list_by="datasetGroupArn",
            answers=("trackingId",),
        ),
        attributions.KIND,
        exports.KIND,
        inference.KIND,
        segments.KIND,
        deletions.KIND,
    )
}
