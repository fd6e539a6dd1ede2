"""PartiQL: statements of DynamoDB's dialect of SQL."""
