"""CloudFormation in virtual time: templates deployed through the real handlers, hours in milliseconds.

MiniStack creates resources one after another; AWS creates them in parallel and cancels what is in flight when
one fails. Here both happen, with every interleaving decided by a clock that can be repeated.
"""
