"""A month of a deployed app in virtual time, and a page about it: `python -m tools.month`.

The stacks, machines and functions are the real ones, the data and what happens to it are made up: a file of new
interactions each day, a training each week, one file that cannot be imported, some days of poor data whose version the
quality gate refuses, and a recommender that is stopped at night.
"""
