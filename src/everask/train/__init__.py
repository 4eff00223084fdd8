"""Training: the trunk in torch, loops, jobs and the gate. Needs the extra `train`."""
