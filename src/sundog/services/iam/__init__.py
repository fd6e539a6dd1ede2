"""IAM: users, groups, roles, policies and whatever else says who may do what. One set an account, in no region."""
