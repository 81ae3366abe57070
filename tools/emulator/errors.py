"""Errors the service answers with."""

from __future__ import annotations

# Codes that are not 400. The modelled errors of a REST-JSON API carry their status in its service model.
_HTTP_STATUS = {
    "InternalServerException": 500,
    "ServiceUnavailableException": 503,
}


class ServiceError(Exception):
    """An error answer.

    Attributes:
        code: the error code, such as `ResourceInUseException`.
        message: what a caller reads.
        http_status: status of the HTTP response.
    """

    def __init__(self, code: str, message: str, http_status: int | None = None) -> None:
        """Make an error; the status follows from the code unless given."""
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.http_status = http_status or _HTTP_STATUS.get(code, 400)


def invalid(message: str) -> ServiceError:
    """The request is well-formed but not possible."""
    return ServiceError("InvalidInputException", message)


def not_found(arn: str, noun: str | None = None) -> ServiceError:
    """No resource has that ARN, or none of that kind.

    The sentence is that which the tests of getmoto/moto expect; for dataset groups, that which
    aws-samples/amazon-personalize-immersion-day has recorded (TravelGenAI/Travel_04_Clean_Up.ipynb, cell 3).
    """
    is_group = noun == "DatasetGroup"
    sentence = f"The given dataset group does not exist: {arn}" if is_group else f"Resource Arn {arn} does not exist."
    return ServiceError("ResourceNotFoundException", sentence)


def name_taken(arn: str) -> ServiceError:
    """A resource has that ARN already; the sentence was reported in aws-samples/retail-demo-store, issue 219."""
    return exists(f"Another resource with Arn {arn} already exists.")


def exists(message: str) -> ServiceError:
    """The name is taken, or the only such resource exists already."""
    return ServiceError("ResourceAlreadyExistsException", message)


def in_use(message: str) -> ServiceError:
    """The state of a resource does not allow the request."""
    return ServiceError("ResourceInUseException", message)


def limit(message: str) -> ServiceError:
    """A quota is used up."""
    return ServiceError("LimitExceededException", message)


def throttled() -> ServiceError:
    """Too many requests in a short time."""
    return ServiceError("ThrottlingException", "Rate exceeded")
