"""The generic engine: what the service models themselves say of how their resources behave."""
