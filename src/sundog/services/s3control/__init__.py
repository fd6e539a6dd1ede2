"""S3's control plane: access points, an account's blocks, and tags. It sees S3's own resources."""
