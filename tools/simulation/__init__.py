"""CloudFormation, Lambda, Step Functions and the Provider framework in virtual time: hours in milliseconds.

The handlers are the real ones. `VirtualCloud` deploys; in `OperatedCloud` what has been deployed runs as well.

MiniStack creates resources one after another; AWS creates them in parallel and cancels what is in flight when
one fails. Here both happen, with every interleaving decided by a clock that can be repeated. Each rule has its source
where it is kept, and a test in tests/tools/simulation. No source says, so it is inferred:

- what a resource that an update could not delete depends on is deleted nevertheless, during cleanup only;
- a resource that a rollback replaces is deleted, whatever its UpdateReplacePolicy;
- a resource that was never created, and is kept by Retain, gets no Delete request in the rollback;
- a rollback that is continued counts as the same operation;
- an update that failed with its rollback disabled sends each failed resource its last stable properties at once.

Left out: native resources take no time and never fail, the framework's functions take none beside the handlers' but
what `Conditions.request_seconds` says in all, permissions are never removed late, and a stack whose creation was
rolled back is gone, where AWS keeps it until somebody deletes it.
"""
