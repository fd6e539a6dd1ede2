"""Whether traffic passes from one place to another: over routes, network ACLs and security groups."""
