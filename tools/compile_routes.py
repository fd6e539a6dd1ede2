#!/usr/bin/env python3
"""Compile what tells botocore's services apart into ``src/sundog/wire/data/{routes,rivals}.json.gz``.

``routes`` is read by every process: host names, signing names, target prefixes, partitions. ``rivals`` is read when a
request's hints leave several services: the URI patterns of services that share a name, the actions of query services.
Both are sorted, indented JSON, compressed without a date, so the same botocore gives the same bytes
(``zcat routes.json.gz`` to read or to compare).
"""

from __future__ import annotations

import gzip
import json
import pathlib
import re
from collections import defaultdict
from typing import Any

from botocore.loaders import Loader

DATA = pathlib.Path(__file__).parents[1] / "src/sundog/wire/data"

# Host names that no model or rule set names: older ones, data planes, and what other SDKs and people use.
HOSTS = {
    "apigatewaymanagementapi": ["execute-api"],
    "cloudwatch": ["cloudwatch"],
    "dynamodb": ["ddb"],
    "ecr": ["dkr.ecr", "dkr-ecr"],
    "ecr-public": ["api.ecr-public"],
    "iot-data": ["data.iot", "data.ats.iot"],
    "kinesis": ["data-kinesis", "control-kinesis"],
    "lambda": ["lambda-url"],
    "s3": [
        "s3",
        "accesspoint.s3-global",
        "s3-accelerate",
        "s3-accesspoint",
        "s3-deprecated",
        "s3-external-1",
        "s3-global",
        "s3-object-lambda",
        "s3-outposts",
        "s3-website",
        "s3express",
        "s3express-control",
    ],
    "s3control": ["s3-control", "s3-outposts", "s3express-control"],
    "sesv2": ["endpoints.email"],
    "sqs": ["queue"],
    "stepfunctions": ["sync-states"],
}
# Scopes that clients use besides the models'.
SIGNING = {
    "ses": ["email"],
    "s3": ["s3express", "s3-outposts", "s3-object-lambda"],
    "s3control": ["s3express", "s3-outposts"],
    "apigatewaymanagementapi": ["execute-api"],
    "cloudwatch": ["cloudwatch"],
    "elbv2": ["elb"],
    "elb": ["elb"],
    "stepfunctions": ["stepfunctions"],
}
# Who answers first where two services have the very same operation under the same names.
FIRST = ["s3", "rds", "neptune", "docdb", "elb", "elbv2", "ses", "sesv2", "lambda", "qconnect", "wisdom", "sms-voice"]


def endpoint_rules(node: Any) -> Any:
    if isinstance(node, dict):
        if node.get("type") == "endpoint":
            yield node["endpoint"]
        for value in node.values():
            yield from endpoint_rules(value)
    elif isinstance(node, list):
        for value in node:
            yield from endpoint_rules(value)


def hosts_of_rules(endpoint: dict[str, Any], suffixes: list[str], regions: set[str]) -> str | None:
    """The part of an endpoint rule's host that names the service: ``iam`` of ``https://iam-fips.global.api.aws``."""
    url = endpoint["url"]
    if not isinstance(url, str) or not url.startswith("https://"):
        return None
    host = re.sub(r"\{(PartitionResult|partitionResult|\w+Partition)#(dnsS|dualStackDnsS)uffix\}", "", url[8:])
    for suffix in [*suffixes, "on.aws"]:
        host = host.removesuffix("." + suffix)
    labels = []
    for label in host.strip(".").split("."):
        # What varies comes before the service's own name, or is the region.
        if "{" in label:
            if label not in ("{Region}", "{PartitionResult#implicitGlobalRegion}"):
                labels.clear()
        elif label not in regions and label not in ("dualstack", "fips", "cn"):
            labels.append(label.removesuffix("-fips"))
    name = ".".join(labels)
    return name if name and not re.search(r"[^a-z0-9.-]|^localhost\b|aws", name) else None


def compile_routes(loader: Loader) -> tuple[dict[str, Any], dict[str, Any]]:
    partitions = loader.load_data("partitions")["partitions"]
    suffixes: dict[str, str] = {}
    regions: dict[str, list[str]] = {}
    for partition in sorted(partitions, key=lambda p: (p["id"] != "aws", p["id"])):
        for key in ("dnsSuffix", "dualStackDnsSuffix"):
            suffixes.setdefault(partition["outputs"][key], partition["id"])
        regions[partition["id"]] = [partition["regionRegex"], partition["outputs"]["implicitGlobalRegion"]]
    known = {r for p in partitions for r in p["regions"]} | {"global", "us-gov"}
    longest = sorted(suffixes, key=len, reverse=True)

    services: dict[str, dict[str, Any]] = {}
    models: dict[str, dict[str, Any]] = {}
    for name in sorted(loader.list_available_services("service-2")):
        model = models[name] = loader.load_service_model(name, "service-2")
        meta = model["metadata"]
        prefix = meta["endpointPrefix"]
        hosts = {prefix, *HOSTS.get(name, ())}
        signing = {meta.get("signingName") or prefix, *SIGNING.get(name, ())}
        try:
            rules = loader.load_service_model(name, "endpoint-rule-set-1")
        except Exception:
            rules = {}
        for rule in endpoint_rules(rules):
            host = None if name in ("s3", "s3control") else hosts_of_rules(rule, longest, known)
            if host:
                hosts.add(host)
            for scheme in rule.get("properties", {}).get("authSchemes", []):
                if scheme.get("signingName"):
                    signing.add(scheme["signingName"])
        for operation in model["operations"].values():
            host_prefix = operation.get("endpoint", {}).get("hostPrefix", "")
            if host_prefix and "{" not in host_prefix:
                hosts.add(host_prefix + prefix)
        protocols = meta.get("protocols") or [meta["protocol"]]
        if meta["protocol"] not in protocols:
            protocols = [*protocols, meta["protocol"]]
        row = {
            "hosts": sorted(hosts),
            "protocols": protocols,
            "signing": sorted(signing),
            "version": meta["apiVersion"],
        }
        if meta.get("targetPrefix"):
            row["target"] = meta["targetPrefix"]
        services[name] = row

    sharing: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, row in services.items():
        for kind in ("hosts", "signing"):
            for key in row[kind]:
                sharing[kind, key].append(name)
    rivals = {name for names in sharing.values() if len(names) > 1 for name in names}
    patterns: dict[str, list[str]] = {}
    actions: dict[str, list[str]] = {}
    for name, row in services.items():
        if name in rivals and row["protocols"][0].startswith("rest"):
            found = set()
            for operation in models[name]["operations"].values():
                http = operation["http"]
                uri = re.sub(r"\{[^}+]*(\+?)\}", r"{\1}", http["requestUri"])
                found.add(f"{http.get('method', 'POST')} {uri}")
            patterns[name] = sorted(found)
        if {"query", "ec2"} & {*row["protocols"]} or models[name]["metadata"].get("awsQueryCompatible") is not None:
            actions[name] = sorted(models[name]["operations"])
    order = {name: index for index, name in enumerate(FIRST)}
    first = sorted(services, key=lambda name: (order.get(name, len(order)), len(name), name))
    routes = {
        "order": [n for n in first if n in rivals],
        "partitions": regions,
        "services": services,
        "suffixes": suffixes,
    }
    return routes, {"actions": actions, "patterns": patterns}


def write(name: str, data: dict[str, Any]) -> None:
    raw = json.dumps(data, indent=0, sort_keys=True, separators=(",", ":")).encode()
    (DATA / f"{name}.json.gz").write_bytes(gzip.compress(raw, 9, mtime=0))


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    routes, rivals = compile_routes(Loader(include_default_search_paths=True))
    write("routes", routes)
    write("rivals", rivals)
    sizes = {p.name: p.stat().st_size for p in sorted(DATA.glob("r*.json.gz"))}
    print(f"{len(routes['services'])} services, {len(rivals['patterns'])} that share a name: {sizes}")
