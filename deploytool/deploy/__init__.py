"""What every verb that changes an environment shares: context, plans, session and GitHub."""
