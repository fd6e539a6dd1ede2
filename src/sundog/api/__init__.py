"""The service models as Python names, made when first used: ``from sundog.api import ec2 as api``, then ``api.Instance``.

A service's module has a class for each structure (``RunInstancesRequest``) and an exception for each modelled error
(``QueueDoesNotExist``). The module's name is botocore's service name with ``-`` as ``_``; a keyword gains ``_``.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from botocore.model import StructureShape

from sundog.core.errors import ModelError, error_class
from sundog.core.structure import Structure, structure_class
from sundog.wire.model import get_service, has_service


class _Api(ModuleType):
    """One service's names."""

    def __init__(self, service_name: str, module_name: str) -> None:
        super().__init__(module_name, f"The shapes of {service_name}.")
        self.__service_name = service_name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        service = get_service(self.__service_name)
        if name not in service.description["shapes"]:
            raise AttributeError(f"{self.__service_name} has no shape {name}")
        shape = service.model.shape_for(name)
        if not isinstance(shape, StructureShape):
            raise AttributeError(f"{name} of {self.__service_name} is a {shape.type_name}, not a structure")
        made: type[Structure] | type[ModelError]
        made = error_class(service, shape) if shape.metadata.get("exception") else structure_class(service, shape)
        setattr(self, name, made)
        return made


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    service = name.removesuffix("_").replace("_", "-")
    if not has_service(service):
        raise AttributeError(f"botocore knows no service {service}")
    full = f"{__name__}.{name}"
    module = sys.modules[full] = _Api(service, full)
    globals()[name] = module
    return module
