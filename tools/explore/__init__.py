"""`make explore`: a page that shows what a deployed environment recommends, and how good its versions are."""
