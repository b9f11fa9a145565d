"""A batch: plan, execute, store; resume is the same batch again."""
