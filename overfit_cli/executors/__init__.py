"""Where stacks are trained: here, in worker processes, on a cluster."""
