"""CloudFormation: stacks, their change sets, events and drift (ports of ``run.stacks``)."""
