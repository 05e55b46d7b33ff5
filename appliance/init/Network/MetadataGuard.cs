namespace Mantle.Init.Network;

/// <summary>
/// Keeps the instance's credentials from everybody but the unsealing program: no other user's packet reaches the instance
/// metadata service (its IPv6 address needs no rule: the machine has no IPv6).
/// </summary>
internal static class MetadataGuard
{
    /// <summary>The instance metadata service of EC2.</summary>
    internal static readonly Ipv4Address Service = new(0xA9FEA9FE); // 169.254.169.254

    private const uint Priority = 100;
    private const uint LastUser = uint.MaxValue - 1; // 2^32-1 is no user

    /// <summary>The rules: everybody before the user, and everybody after.</summary>
    /// <param name="user">Who may; never 0.</param>
    /// <remarks>
    /// Not root, who is process 1 and asks for nothing: the kernel's reverse path check (rp_filter) looks for the way back as root, and would drop every
    /// answer of the service.
    /// </remarks>
    internal static byte[][] Rules(uint user) =>
    [
        .. user > 1 ? [RouteMessage.Prohibit(Service, 1, user - 1, Priority)] : Array.Empty<byte[]>(),
        RouteMessage.Prohibit(Service, user + 1, LastUser, Priority + 1),
    ];
}
