"""The application without a window: everything a person can do, the command line can do."""
