"""`deploytool.yml`: what it may say, what it says, and what is wrong with it."""
