"""The ways into a cloud: how calls of this process, or of others, come to be answered by Sundog."""
