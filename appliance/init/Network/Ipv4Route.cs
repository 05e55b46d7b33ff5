namespace Mantle.Init.Network;

/// <summary>A way to a network.</summary>
/// <param name="Destination">Network address; its host bits are zero.</param>
/// <param name="PrefixLength">0 to 32; 0 is the default route.</param>
/// <param name="Gateway">Next hop; <see cref="Ipv4Address.Any"/> for a network that is on the link itself.</param>
internal readonly record struct Ipv4Route(Ipv4Address Destination, int PrefixLength, Ipv4Address Gateway);
