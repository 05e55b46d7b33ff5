using System.Net;

namespace Mantle.Emulator.Machine;

/// <summary>
/// A server on this host's loopback that the guest finds in its own network. Each connection is carried by a <c>socat</c> of its own: QEMU's user
/// network gives a character device to all connections at once, but a command to each.
/// </summary>
/// <param name="Address">Where the guest finds it: an address of <see cref="Network"/>, for example the instance metadata service's 169.254.169.254.</param>
/// <param name="Port">The TCP port that the guest connects to.</param>
/// <param name="HostPort">The TCP port on 127.0.0.1 that the connection leads to.</param>
public sealed record GuestServer(IPAddress Address, int Port, int HostPort)
{
    /// <summary>
    /// The guest's network when it has servers: the link-local one in which EC2's metadata service lives, since QEMU answers for no address outside the
    /// guest's network.
    /// </summary>
    internal const string Network = "net=169.254.169.0/24,host=169.254.169.1,dns=169.254.169.3,dhcpstart=169.254.169.15";

    /// <summary>QEMU's words for it.</summary>
    internal string ToOption(string relay) => $"guestfwd=tcp:{Address}:{Port}-cmd:{relay} STDIO TCP4:127.0.0.1:{HostPort}";
}
