"""Systems Manager: its parameter store is written by hand; the rest is modelled."""
