"""KMS, with real cryptography."""
