"""Drives CloudFormation stacks: plan, apply, destroy, drift. Each stack is a process; one loop turns them all."""
