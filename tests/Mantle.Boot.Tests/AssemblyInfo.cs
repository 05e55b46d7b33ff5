using Xunit.Sdk;
using Xunit.v3;

// One emulated machine at a time: each keeps a core busy and slows the next down past its time-out.
[assembly: Parallelization(Mode = ParallelMode.None)]
