namespace Mantle.Init.Kernel;

/// <summary>
/// Descriptors 0, 1 and 2. They are the console, or, without one, free for the next open(2): then a message that the runtime
/// writes to "standard error" would land in whatever file came to be 2.
/// </summary>
internal static class StandardStreams
{
    internal static void PointToNull()
    {
        int descriptor = KernelFile.Open("/dev/null", OpenFlags.ReadWrite);
        for (int stream = 0; stream <= 2; stream++)
        {
            if (stream == descriptor)
            {
                // open(2) gave us one of the three, close-on-exec; dup2(2) onto itself would leave it so.
                int copy = KernelFile.Open("/dev/null", OpenFlags.ReadWrite);
                _ = SystemCallException.Check(Interop.Libc.dup2(copy, stream), "dup2");
                _ = Interop.Libc.close(copy);
            }
            else
            {
                _ = SystemCallException.Check(Interop.Libc.dup2(descriptor, stream), "dup2");
            }
        }

        if (descriptor > 2)
        {
            _ = Interop.Libc.close(descriptor);
        }
    }
}
