"""DynamoDB: tables, items and everything around them."""
