"""What the stacks cost in a month: quantities from their sizes, times prices that are given."""
