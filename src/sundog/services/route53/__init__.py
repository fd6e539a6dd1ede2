"""Route 53: hosted zones and their records by hand; the rest is modelled."""
