"""Sample data: MovieLens 100K by the workshop's rules, or a generated catalogue."""
