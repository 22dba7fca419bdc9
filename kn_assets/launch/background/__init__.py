"""What is made while the app is open: a queue of commands, one at a time, in quiet processes."""
