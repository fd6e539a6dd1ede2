"""Expressions: conditions, filters, key conditions, projections and updates, from their text to what they do."""
