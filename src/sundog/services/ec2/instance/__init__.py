"""Instances: launched, described, started and stopped, changed, terminated."""
