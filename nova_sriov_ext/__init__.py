"""What Nova loads: scheduler filter, compute driver, operator's commands."""
