namespace Mantle.Init.Network.Dhcp;

/// <summary>What <see cref="DhcpClient"/> wants done; the client itself touches nothing.</summary>
internal abstract record DhcpAction
{
    /// <summary>Broadcast a message from 0.0.0.0, and hear answers of a machine without address.</summary>
    internal sealed record Broadcast(byte[] Message) : DhcpAction;

    /// <summary>Send a message from the lease's address through the kernel's UDP.</summary>
    /// <param name="Message">The message.</param>
    /// <param name="From">The address in use.</param>
    /// <param name="To">The server, or 255.255.255.255.</param>
    internal sealed record Send(byte[] Message, Ipv4Address From, Ipv4Address To) : DhcpAction;

    /// <summary>Configure the network as the lease says; it may differ from the one before.</summary>
    internal sealed record Apply(DhcpLease Lease) : DhcpAction;

    /// <summary>The address must not be used any longer.</summary>
    internal sealed record Remove : DhcpAction;
}
