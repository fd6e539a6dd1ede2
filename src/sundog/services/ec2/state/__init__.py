"""EC2's records, by group of nouns. Any file of the service may import any of them."""
