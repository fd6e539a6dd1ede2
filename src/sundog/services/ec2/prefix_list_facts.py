"""The prefix lists that AWS keeps in each region: their ids where known, and ranges of the services behind them."""

from __future__ import annotations

import zlib

IDS = {
    "us-east-1": {"s3": "pl-63a5400a", "dynamodb": "pl-02cd2c6b", "cloudfront": "pl-3b927c52"},
    "us-east-2": {"s3": "pl-7ba54012", "dynamodb": "pl-4ca54025", "cloudfront": "pl-b6a144df"},
    "us-west-1": {"s3": "pl-6ba54002", "dynamodb": "pl-6ea54007", "cloudfront": "pl-4ea04527"},
    "us-west-2": {"s3": "pl-68a54001", "dynamodb": "pl-00a54069", "cloudfront": "pl-82a045eb"},
    "eu-west-1": {"s3": "pl-6da54004", "dynamodb": "pl-6fa54006", "cloudfront": "pl-4fa04526"},
    "eu-west-2": {"s3": "pl-7ca54015", "dynamodb": "pl-b3a742da", "cloudfront": "pl-93a247fa"},
    "eu-central-1": {"s3": "pl-6ea54007", "dynamodb": "pl-66a5400f", "cloudfront": "pl-a3a144ca"},
    "ap-southeast-1": {"s3": "pl-6fa54006", "dynamodb": "pl-67a5400e", "cloudfront": "pl-31a34658"},
    "ap-southeast-2": {"s3": "pl-6ca54005", "dynamodb": "pl-62a5400b", "cloudfront": "pl-b8a742d1"},
    "ap-northeast-1": {"s3": "pl-61a54008", "dynamodb": "pl-78a54011", "cloudfront": "pl-58a04531"},
    "ap-south-1": {"s3": "pl-78a54011", "dynamodb": "pl-66a7420f", "cloudfront": "pl-9aa247f3"},
}
RANGES = {
    "s3": ("54.231.0.0/16", "52.216.0.0/15", "3.5.0.0/19"),
    "dynamodb": ("3.218.180.0/22", "52.94.0.0/22", "52.119.224.0/20"),
    "cloudfront": ("13.32.0.0/15", "13.224.0.0/14", "52.84.0.0/15", "54.230.0.0/16", "204.246.164.0/22"),
}


def name_of(service: str, region: str) -> str:
    if service == "cloudfront":
        return "com.amazonaws.global.cloudfront.origin-facing"
    return f"com.amazonaws.{region}.{service}"


def id_of(service: str, region: str) -> str:
    """AWS's id; where it isn't known here, one that is always the same."""
    known = IDS.get(region, {}).get(service)
    return known or f"pl-{zlib.crc32(f'{region}/{service}'.encode()):08x}"
