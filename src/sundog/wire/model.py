"""The service models: botocore's own, loaded once, with what the codecs and the core ask of them."""

from __future__ import annotations

import keyword
from functools import cache, cached_property, lru_cache
from typing import Any

from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape


def python_name(wire_name: str) -> str:
    """botocore's snake_case of a member or operation; a keyword gains ``_``."""
    name = xform_name(wire_name)
    return name + "_" if keyword.iskeyword(name) else name


def request_uri(http: dict[str, Any]) -> str:
    """The URI in an operation's ``http`` trait. botocore takes S3's bucket out of its client's model, which we may share."""
    uri: str = http.get("requestUri", "/")
    if "authPath" in http and not uri.startswith("/{Bucket}"):
        return "/{Bucket}" + uri
    return uri


class Operation:
    """One operation of one service. ``plans`` is where whoever compiles something for it keeps the result."""

    def __init__(self, service: Service, model: OperationModel) -> None:
        self.service = service
        self.model = model
        self.name: str = model.name
        self.plans: dict[Any, Any] = {}

    def __repr__(self) -> str:
        return f"<Operation {self.service.name}:{self.name}>"

    @cached_property
    def python_name(self) -> str:
        return python_name(self.name)

    @cached_property
    def input(self) -> Shape | None:
        return self.model.input_shape

    @cached_property
    def output(self) -> Shape | None:
        return self.model.output_shape

    @cached_property
    def method(self) -> str:
        return self.model.http.get("method", "POST")

    @cached_property
    def uri(self) -> str:
        return request_uri(self.model.http)

    @cached_property
    def status(self) -> int:
        """The HTTP status of success."""
        return int(self.model.http.get("responseCode", 200))

    @cached_property
    def read_only(self) -> bool:
        return bool(self.model.metadata.get("readonly")) if hasattr(self.model, "metadata") else False


class Service:
    """One service: botocore's model of it and its operations."""

    def __init__(self, name: str, model: ServiceModel) -> None:
        self.name = name
        self.model = model
        self._operations: dict[str, Operation] = {}
        self.plans: dict[Any, Any] = {}

    def __repr__(self) -> str:
        return f"<Service {self.name}>"

    @cached_property
    def metadata(self) -> dict[str, Any]:
        return self.model.metadata

    @cached_property
    def description(self) -> dict[str, Any]:
        """The raw JSON of the model."""
        return self.model._service_description  # type: ignore[attr-defined]

    @cached_property
    def protocols(self) -> tuple[str, ...]:
        """Every protocol it speaks, botocore's preferred one first."""
        first = self.model.resolved_protocol
        rest = [p for p in self.metadata.get("protocols", ()) if p != first]
        return (first, *rest)

    @cached_property
    def signing_name(self) -> str:
        return self.metadata.get("signingName") or self.endpoint_prefix

    @cached_property
    def endpoint_prefix(self) -> str:
        return self.metadata["endpointPrefix"]

    @cached_property
    def python_name(self) -> str:
        """Its module's name under ``sundog.services`` and ``sundog.api``."""
        name = self.name.replace("-", "_")
        return name + "_" if keyword.iskeyword(name) else name

    @cached_property
    def operation_names(self) -> tuple[str, ...]:
        return tuple(self.description["operations"])

    @cached_property
    def python_operations(self) -> dict[str, str]:
        """Operation names by their Python names."""
        return {python_name(name): name for name in self.operation_names}

    @cached_property
    def paginators(self) -> dict[str, Any]:
        """botocore's pagination rules by operation."""
        return load_data(self.name, "paginators-1").get("pagination", {})

    def operation(self, name: str) -> Operation | None:
        found = self._operations.get(name)
        if found is None:
            if name not in self.description["operations"]:
                return None
            found = self._operations[name] = Operation(self, self.model.operation_model(name))
        return found


_services: dict[str, Service] = {}


@lru_cache(maxsize=1)
def loader() -> Loader:
    return Loader(include_default_search_paths=True)


@lru_cache(maxsize=1)
def service_names() -> frozenset[str]:
    """Every service that botocore knows."""
    return frozenset(loader().list_available_services("service-2"))


def load_data(service: str, kind: str) -> dict[str, Any]:
    """One of the service's data files (``paginators-1``, ``waiters-2``, ...); empty if it has none."""
    from botocore.exceptions import DataNotFoundError

    try:
        version = loader().determine_latest_version(service, kind)
        return loader().load_data(f"{service}/{version}/{kind}")
    except DataNotFoundError:
        return {}


@cache
def _latest_version(name: str) -> str | None:
    # Asks for one service's folder: listing all 439 would cost 20 ms.
    from botocore.exceptions import DataNotFoundError

    try:
        return loader().determine_latest_version(name, "service-2")
    except DataNotFoundError:
        return None


def _description(name: str, version: str) -> dict[str, Any]:
    """A model's JSON with what botocore itself lays over it, as its clients see it."""
    from botocore.exceptions import DataNotFoundError
    from botocore.loaders import ExtrasProcessor

    found = loader().load_data(f"{name}/{version}/service-2")
    try:
        extras = loader().load_data(f"{name}/{version}/service-2.sdk-extras")
    except DataNotFoundError:
        return found
    ExtrasProcessor().process(found, [extras])
    return found


def has_service(name: str) -> bool:
    """Whether botocore has a model of the service."""
    return name in _services or _latest_version(name) is not None


def get_service(name: str) -> Service:
    """The service by botocore's name; ``KeyError`` if there is none."""
    found = _services.get(name)
    if found is None:
        version = _latest_version(name)
        if version is None:
            raise KeyError(name)
        found = adopt(name, ServiceModel(_description(name, version), name))
    return found


def adopt(name: str, model: ServiceModel) -> Service:
    """Use a model that a client has already loaded, so that it isn't read twice."""
    return _services.setdefault(name, Service(name, model))


def find_service(name: str, model: ServiceModel) -> Service:
    return _services.get(name) or adopt(name, model)


@cache
def _editions(name: str) -> tuple[str, ...]:
    """The versions of a service's API that botocore has models of, oldest first."""
    return tuple(sorted(loader().list_api_versions(name, "service-2")))


@cache
def _edition(name: str, version: str) -> Service:
    return Service(name, ServiceModel(_description(name, version), name))


def as_of(operation: Operation, version: str | None) -> Operation:
    """The operation as an older version of the API has it: who asks in that version knows no newer members.

    Itself if the version is none, or isn't older, or didn't have the operation.
    """
    service = operation.service
    if version is None or version >= service.metadata["apiVersion"]:
        return operation
    known = _editions(service.name)
    edition = next((found for found in reversed(known) if found <= version), known[0] if known else None)
    if edition is None or edition >= service.metadata["apiVersion"]:
        return operation
    return _edition(service.name, edition).operation(operation.name) or operation
