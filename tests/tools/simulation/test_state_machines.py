"""Step Functions in virtual time, by the rules of its developer guide."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.simulation.support.machines import Account, State, fails, machine, output, task
from tools.simulation.answers import Refusal
from tools.simulation.workflow import DefinitionError


def passes(value: Any, **more: Any) -> State:
    return {"Type": "Pass", "Output": value, **more}


def wait(seconds: Any, **more: Any) -> State:
    return {"Type": "Wait", "Seconds": seconds, **more}


def retrier(*errors: str, **more: Any) -> list[dict[str, Any]]:
    return [{"ErrorEquals": list(errors), **more}]


# -- data -------------------------------------------------------------------------------------------------------------


def test_expressions_see_the_input_the_variables_and_the_context() -> None:
    """Developer guide, "Transforming data with JSONata in Step Functions"."""
    definition = machine(
        "A",
        A=passes("{% $states.input.n + 1 %}", Assign={"kept": "{% $states.input.n %}"}, Next="B"),
        B=passes(
            {"sum": "{% $states.input + $kept %}", "by": "{% $states.context.Execution.Name %}", "plain": "$kept"}
        ),
    )
    assert output(Account().run(definition, {"n": 2})) == {"sum": 5, "by": "one", "plain": "$kept"}


def test_assignments_see_the_values_as_they_were_when_the_state_began() -> None:
    """Developer guide, "Passing data between states with variables", "Evaluation order in an assign field"."""
    definition = machine(
        "A",
        A=passes({}, Assign={"x": 3, "a": 6}, Next="B"),
        B=passes({}, Assign={"x": "{% $a %}", "y": "{% $x %}"}, Next="C"),
        C=passes("{% [$x, $y] %}"),
    )
    assert output(Account().run(definition)) == [6, 3]


def test_null_is_a_value_and_what_is_not_there_is_an_error() -> None:
    nothing = Account().run(machine("A", A=passes("{% $states.input.b %}")), {"a": None})
    assert output(Account().run(machine("A", A=passes("{% $states.input.a %}")), {"a": None})) is None
    assert (nothing.status, nothing.error) == ("FAILED", "States.QueryEvaluationError")
    assert "returned nothing" in str(nothing.cause)


def test_a_task_has_its_arguments_and_hands_on_its_result() -> None:
    account = Account({"do": [{"Status": "ACTIVE"}]})
    definition = machine("A", A=task(Arguments={"Name": "{% $states.input.n %}"}, Output="{% $states.result.Status %}"))
    assert output(account.run(definition, {"n": "x"})) == "ACTIVE"
    assert account.calls == [("do", {"Name": "x"})]


@pytest.mark.parametrize(("status", "expected"), [("ACTIVE", "good"), ("FAILED", "bad"), ("else", "none")])
def test_a_choice_takes_the_first_that_matches_or_the_default(status: str, expected: str) -> None:
    choices = [
        {"Condition": "{% $states.input.s = 'ACTIVE' %}", "Next": "B", "Assign": {"found": "good"}},
        {"Condition": "{% 'FAIL' in [$substring($states.input.s, 0, 4)] %}", "Next": "B", "Assign": {"found": "bad"}},
    ]
    choice = {"Type": "Choice", "Choices": choices, "Default": "B", "Assign": {"found": "none"}}
    definition = machine("A", A=choice, B={"Type": "Succeed", "Output": "{% $found %}"})
    assert output(Account().run(definition, {"s": status})) == expected


def test_a_choice_without_a_match_fails() -> None:
    choice = {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "B"}]}
    assert Account().run(machine("A", A=choice, B={"Type": "Succeed"})).error == "States.NoChoiceMatched"


# -- time -------------------------------------------------------------------------------------------------------------


def test_polling_waits_in_virtual_time() -> None:
    account = Account({"describe": [{"Status": "CREATE PENDING"}] * 3 + [{"Status": "ACTIVE"}]})
    choice = {"Type": "Choice", "Choices": [{"Condition": "{% $states.input.Status = 'ACTIVE' %}", "Next": "End"}]}
    definition = machine(
        "Look",
        Look=task("describe", Next="Is it"),
        Wait=wait(60, Next="Look"),
        End={"Type": "Succeed"},
        **{"Is it": {**choice, "Default": "Wait"}},
    )
    execution = account.run(definition)
    assert (account.passed, execution.status) == (180, "SUCCEEDED")
    assert execution.states == [*["Look", "Is it", "Wait"] * 3, "Look", "Is it", "End"]


def test_an_execution_that_takes_too_long_is_ended() -> None:
    account = Account()
    execution = account.run({**machine("A", A=wait(3600)), "TimeoutSeconds": 100})
    assert (execution.status, execution.error, account.passed) == ("TIMED_OUT", "States.Timeout", 100)
    assert [each["status"] for each in account.events] == ["RUNNING", "TIMED_OUT"]


def test_a_stopped_execution_does_nothing_more() -> None:
    account = Account()
    execution = account.begin(machine("A", A=wait(60, Next="B"), B=task()))
    account.time.run(until=account.begun + 30)
    account.machines.stop_execution(executionArn=execution.arn, cause="By hand.")
    account.time.run()
    assert (execution.status, execution.cause, account.calls) == ("ABORTED", "By hand.", [])


def test_executions_of_a_deleted_machine_end_at_their_next_transition() -> None:
    """API reference, DeleteStateMachine."""
    account = Account()
    execution = account.begin(machine("A", A=wait(60, Next="B"), B=task()))
    account.time.run(until=account.begun + 30)
    account.machines.remove(execution.machine.arn)
    account.time.run()
    assert (execution.status, account.calls, account.passed) == ("ABORTED", [], 60)


# -- failures ---------------------------------------------------------------------------------------------------------


def test_a_retrier_waits_longer_each_time_up_to_its_longest() -> None:
    """Developer guide, "Retrying after an error"."""
    account = Account({"do": [fails("E")] * 4 + [{}]})
    retry = retrier("E", IntervalSeconds=3, BackoffRate=2, MaxAttempts=4, MaxDelaySeconds=10)
    assert account.run(machine("A", A=task(Retry=retry))).status == "SUCCEEDED"
    assert account.passed == 3 + 6 + 10 + 10


def test_each_retrier_counts_for_itself() -> None:
    """The guide's "Complex retry scenario"."""
    account = Account({"do": [fails("A"), fails("B"), fails("C"), fails("B")]})
    retry = retrier("A", "B", IntervalSeconds=1, MaxAttempts=2) + retrier("C", IntervalSeconds=5)
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Z", "Output": "{% $states.errorOutput.Error %}"}]
    definition = machine("X", X=task(Retry=retry, Catch=catch), Z={"Type": "Succeed"})
    assert (output(account.run(definition)), account.passed, len(account.calls)) == ("B", 1 + 2 + 5, 4)


def test_states_all_does_not_catch_what_is_wrong_with_the_definition() -> None:
    account = Account({"do": [fails("States.Runtime")]})
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Z"}]
    execution = account.run(machine("A", A=task(Retry=retrier("States.ALL"), Catch=catch), Z={"Type": "Succeed"}))
    assert (execution.error, len(account.calls)) == ("States.Runtime", 1)


def test_a_failure_is_in_the_history_with_its_state_and_in_an_event() -> None:
    account = Account({"do": [fails("Personalize.InvalidInputException")]})
    execution = account.run(machine("Import", Import=task(Arguments={"JobName": "x"})))
    by_id = {event["id"]: event for event in execution.history}
    failed = next(event for event in execution.history if event["type"] == "TaskFailed")
    scheduled = by_id[failed["previousEventId"]]
    entered = by_id[scheduled["previousEventId"]]
    assert failed["taskFailedEventDetails"]["error"] == "Personalize.InvalidInputException"
    assert scheduled["taskScheduledEventDetails"]["resourceType"] == "aws-sdk:thing"
    assert entered["stateEnteredEventDetails"]["name"] == "Import"
    assert execution.history[-1]["type"] == "ExecutionFailed"
    assert (account.events[-1]["status"], account.events[-1]["cause"]) == ("FAILED", "It went wrong.")


def test_a_fail_state_says_its_error_and_cause() -> None:
    fail = {"Type": "Fail", "Error": "ImportFailed", "Cause": "{% 'Because ' & $states.input.why %}"}
    execution = Account().run(machine("A", A=fail), {"why": "of that."})
    assert (execution.status, execution.error, execution.cause) == ("FAILED", "ImportFailed", "Because of that.")


# -- Map and Parallel -------------------------------------------------------------------------------------------------


def each(state: State, **more: Any) -> State:
    processor = {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "One", "States": {"One": {**state, "End": True}}}
    return {"Type": "Map", "Items": "{% $states.input %}", "ItemProcessor": processor, **more}


def test_a_map_works_on_its_items_side_by_side_and_answers_in_their_order() -> None:
    account = Account()
    select = {"n": "{% $states.context.Map.Item.Value %}", "i": "{% $states.context.Map.Item.Index %}"}
    definition = machine("A", A=each(wait("{% $states.input.n %}"), ItemSelector=select, MaxConcurrency=2))
    assert output(account.run(definition, [30, 10, 10])) == [{"n": 30, "i": 0}, {"n": 10, "i": 1}, {"n": 10, "i": 2}]
    assert account.passed == 30  # the third begins when the second has ended


def test_a_map_of_nothing_answers_nothing() -> None:
    assert output(Account().run(machine("A", A=each(task())), [])) == []


def test_the_first_failure_ends_a_map_and_what_is_beside_it() -> None:
    account = Account({"do": [fails("E")]}, seconds={"do": 5})
    branches = [
        {"StartAt": "Do", "States": {"Do": {**task(), "End": True}}},
        {"StartAt": "Wait", "States": {"Wait": wait(60, Next="Late"), "Late": {**task("late"), "End": True}}},
    ]
    execution = account.run(machine("A", A={"Type": "Parallel", "Branches": branches}))
    assert (execution.status, execution.error) == ("FAILED", "E")
    assert [name for name, _ in account.calls] == ["do"]
    assert execution.ended == account.begun + 5


def test_a_map_that_is_tried_again_runs_all_its_items_again() -> None:
    account = Account({"do": [fails("E"), {}]})
    execution = account.run(machine("A", A=each(task(), Retry=retrier("E", IntervalSeconds=1))), [1])
    assert (execution.status, len(account.calls)) == ("SUCCEEDED", 2)


def test_variables_of_a_branch_are_its_own_and_those_around_it_can_be_read() -> None:
    """Developer guide, "Variable scope"."""
    inner = machine("B", B=passes({}, Assign={"own": "{% $outer + 1 %}"}, Next="C"), C=passes("{% $own %}"))
    definition = machine(
        "A",
        A=passes({}, Assign={"outer": 1}, Next="P"),
        P={"Type": "Parallel", "Branches": [{key: inner[key] for key in ("StartAt", "States")}], "Next": "D"},
        D=passes({"of": "{% $states.input %}", "leaks": "{% $exists($own) %}"}),
    )
    assert output(Account().run(definition)) == {"of": [2], "leaks": False}


# -- definitions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "sentence"),
    [
        (machine("B", A=passes(1)), "there is no state 'B'"),
        (machine("A", A=passes(1, Next="B")), "A: there is no state 'B'"),
        (machine("A", A=task(Catch=[{"ErrorEquals": ["E"], "Next": "B"}])), "A: there is no state 'B'"),
        (
            machine("A", A=passes(1, Assign={"x": 1}, Next="B"), B=each(passes(1, Assign={"x": 2}))),
            "The variable 'x' is assigned in an outer scope as well",
        ),
    ],
)
def test_a_definition_that_step_functions_refuses_is_refused(definition: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DefinitionError, match=sentence):
        Account().begin(definition)


@pytest.mark.parametrize(
    "state", [{"Type": "Task", "Resource": "x", "ResultPath": "$"}, {"Type": "Wait", "Timestamp": "x"}, {"Type": "New"}]
)
def test_what_is_not_modelled_raises(state: State) -> None:
    with pytest.raises(NotImplementedError):
        Account().begin(machine("A", A=state))


# -- the API ----------------------------------------------------------------------------------------------------------


def test_executions_are_listed_by_status_the_latest_first() -> None:
    account = Account()
    first = account.begin(machine("A", A=wait(10)), name="first")
    account.time.run()
    second, arn = account.begin(machine("A", A=wait(10)), name="second"), first.machine.arn
    assert [each["name"] for each in account.machines.list_executions(stateMachineArn=arn)["executions"]] == [
        "second",
        "first",
    ]
    running = account.machines.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]
    assert [each["executionArn"] for each in running] == [second.arn]


def test_a_name_is_taken_once_and_a_machine_has_to_exist() -> None:
    account = Account()
    execution = account.begin(machine("A", A=wait(10)))
    with pytest.raises(Refusal, match="Already Exists"):
        account.machines.start_execution(stateMachineArn=execution.machine.arn, name="one")
    with pytest.raises(Refusal, match="Does Not Exist"):
        account.machines.start_execution(stateMachineArn="arn:other")


def test_an_execution_is_described_and_its_history_is_read_from_either_end() -> None:
    account = Account({"do": [{"n": 1}]})
    execution = account.run(machine("A", A=task()), {"a": 1})
    found = account.machines.describe_execution(executionArn=execution.arn)
    assert (found["status"], found["input"], found["output"]) == ("SUCCEEDED", '{"a": 1}', '{"n": 1}')
    events = account.machines.get_execution_history(executionArn=execution.arn)["events"]
    assert [each["type"] for each in events] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    last = account.machines.get_execution_history(executionArn=execution.arn, reverseOrder=True, maxResults=1)
    assert last["events"] == events[-1:]
    with pytest.raises(Refusal, match="Does Not Exist"):
        account.machines.describe_execution(executionArn="arn:other")
