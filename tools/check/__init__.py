"""`make check`: whether the service will take the data that the settings name, before anything is deployed."""
