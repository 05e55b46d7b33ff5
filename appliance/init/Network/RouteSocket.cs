using Mantle.Init.Kernel;

namespace Mantle.Init.Network;

/// <summary>Asks the kernel to change the network and waits for its answer.</summary>
internal sealed class RouteSocket
{
    private readonly int _descriptor = Netlink.Open(Netlink.Route, groups: 0);
    private readonly byte[] _buffer = new byte[8192];

    /// <exception cref="SystemCallException">The kernel refused it.</exception>
    internal void Change(byte[] message)
    {
        int errorNumber = Ask(message);
        if (errorNumber != 0)
        {
            throw new SystemCallException("netlink request", errorNumber);
        }
    }

    /// <summary>Changes what may be gone already; a refusal is no error.</summary>
    internal void TryChange(byte[] message) => _ = Ask(message);

    private int Ask(byte[] message)
    {
        Netlink.Send(_descriptor, message);

        // The kernel answers before sendto(2) returns.
        while (Netlink.Receive(_descriptor, _buffer) is { IsEmpty: false } answer)
        {
            if (Link.ReadAcknowledgement(answer) is { } errorNumber)
            {
                return errorNumber;
            }
        }

        throw new InvalidDataException("netlink: the kernel did not answer");
    }
}
