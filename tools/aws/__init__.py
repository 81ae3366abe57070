"""What the local cloud and the simulation both need to know of AWS: how Step Functions and Scheduler make calls."""
