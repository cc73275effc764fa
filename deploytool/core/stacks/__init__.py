"""CloudFormation stacks: which there are, what a change set means, what may be done, why it failed. Pure."""
