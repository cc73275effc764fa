"""What the doctor looks at, read from AWS and changed nowhere. One denied call hides no other."""
