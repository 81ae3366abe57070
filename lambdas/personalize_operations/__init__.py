"""What runs a deployed app day by day: looks for new data, judges versions, observes what serves, writes notices."""
