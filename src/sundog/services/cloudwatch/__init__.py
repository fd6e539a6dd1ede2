"""CloudWatch: metrics and alarms by hand; the rest is modelled."""
