"""Auto Scaling: groups of instances of EC2 that keep their size."""
