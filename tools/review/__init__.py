"""What a change of the app does when it is deployed, for those who review it: `make review`."""
