"""Bytes to calls and back, driven by botocore's service models. Knows nothing of any state."""
