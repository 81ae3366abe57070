"""Where MiniStack's Lambda differs from AWS."""

from __future__ import annotations

import contextvars
import threading
from typing import Any

from ministack.core import lambda_runtime, responses
from ministack.services import cloudwatch_logs, lambda_svc

from ..cloud import LATE_LINES_SECONDS
from .permissions import role_may

# Marks the answer of a function whose handler has raised, with the name of the exception.
_RAISED = "sandbox_raised"
# What MiniStack's programs around a handler answer then, and how each tells the name.
_ANSWERS_OF_RAISING = {
    "_PYTHON_WORKER_SCRIPT": {
        '{"status": "error", "error": str(e), "trace": traceback.format_exc()}': "type(e).__name__",
    },
    "_NODEJS_WORKER_SCRIPT": {
        'status: "error", error: String(err.message || err)': 'err.name || "Error"',
        'status: "error", error: e.message, trace: e.stack': 'e.name || "Error"',
    },
}


def correct_lambda_environment() -> None:
    """Keep functions from naming a trust store that only the images of Lambda have (CDK's BucketDeployment does)."""
    lambda_runtime._RESERVED_RUNTIME_ENV_VARS.add("AWS_CA_BUNDLE")


def correct_lambda_errors() -> None:
    """Let a function that raises keep its execution environment, and tell the exception's name, as on AWS.

    MiniStack ends the process, and calls every exception the same. Lambda developer guide, "Understanding the Lambda
    execution environment lifecycle": an environment is reset when a function crashes or times out. "Building a custom
    runtime for AWS Lambda": a runtime reports what a handler raises with its type, and gets the next event. The CDK's
    Provider framework raises at each poll but the last (Retry, framework.js), and every poll after it would begin with
    a cold start.
    """
    for script, answers in _ANSWERS_OF_RAISING.items():
        program = getattr(lambda_runtime, script)
        for answer, name in answers.items():
            program = program.replace(answer, answer.replace('"error",', f'"ok", "{_RAISED}": {name},', 1))
        setattr(lambda_runtime, script, program)
    invoke, execute = lambda_runtime.Worker.invoke, lambda_svc._execute_function_warm
    raised: contextvars.ContextVar[str | None] = contextvars.ContextVar("raised", default=None)

    def invoke_and_keep(self: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        response: dict[str, Any] = invoke(self, *arguments, **options)
        name = response.pop(_RAISED, None)
        raised.set(name)
        if name:
            response["status"] = "error"
        return response

    def execute_and_name(*arguments: Any) -> dict[str, Any]:
        raised.set(None)
        answer: dict[str, Any] = execute(*arguments)
        if name := raised.get():
            answer["body"]["errorType"] = name
        return answer

    lambda_runtime.Worker.invoke = invoke_and_keep
    lambda_svc._execute_function_warm = execute_and_name


def correct_lambda_logs() -> None:
    """Let functions log only where their roles may, and let their last lines arrive late, as on AWS.

    MiniStack asks nobody, and is never late. On AWS the lines with which an invocation ends arrive after the caller has
    its answer, with the permissions of the role as it was while the function ran: a function that may create log
    groups makes its own again, after CloudFormation has deleted it (aws/aws-cdk issues 11549, 31487 and 35632).
    """
    emit = lambda_svc._emit_lambda_logs

    def emit_if_permitted(function: dict[str, Any], *arguments: Any, **options: Any) -> None:
        config = function.get("config") or function
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
        arn = f"arn:aws:logs:{responses.get_region()}:{responses.get_account_id()}:log-group:{group}:log-stream:any"
        may_write = role_may(config["Role"], "logs:PutLogEvents", arn)
        may_create = role_may(config["Role"], "logs:CreateLogGroup", arn)

        def deliver(*arguments: Any, **options: Any) -> None:
            if may_write and (may_create or group in cloudwatch_logs._log_groups):
                emit(function, *arguments, **options)

        deliver(*arguments, **options)
        if may_write and may_create:
            context = contextvars.copy_context()
            request_id, _, *rest = arguments
            late = threading.Timer(LATE_LINES_SECONDS, context.run, [deliver, request_id, "", *rest], options)
            late.daemon = True
            late.start()

    lambda_svc._emit_lambda_logs = emit_if_permitted
