"""The commands of the command line, one file each, and how all of them behave."""
