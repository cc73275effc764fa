"""The CloudFormation stacks: plan, apply, drift, destroy and cost."""
