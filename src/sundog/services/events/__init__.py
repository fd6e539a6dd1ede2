"""EventBridge: buses, rules, targets and events by hand; the rest is modelled."""
