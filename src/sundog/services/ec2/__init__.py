"""EC2: a file for each resource noun in its operations' names."""
