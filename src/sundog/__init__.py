"""Sundog: a mock cloud for testing software written against AWS."""

__version__ = "0.1.0"
