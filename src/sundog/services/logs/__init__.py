"""CloudWatch Logs: groups, streams, events and filters by hand; the rest is modelled."""
