"""What can be differentiated: one file a family of operations."""
