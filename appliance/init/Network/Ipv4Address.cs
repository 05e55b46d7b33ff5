namespace Mantle.Init.Network;

/// <summary>An IPv4 address as a number, most significant byte first.</summary>
/// <param name="Value">For example 0x0A000001 for 10.0.0.1.</param>
internal readonly record struct Ipv4Address(uint Value)
{
    internal static readonly Ipv4Address Any = new(0);
    internal static readonly Ipv4Address Broadcast = new(uint.MaxValue);

    /// <summary>An address that one machine can have: not 0/8, loopback, multicast, reserved or broadcast.</summary>
    internal bool IsUnicast => (Value >> 24) is >= 1 and < 224 and not 127;

    /// <summary>The first bits of the address, the others zero.</summary>
    internal Ipv4Address Network(int prefixLength) => new(Value & Mask(prefixLength));

    /// <summary>The mask of a prefix of 0 to 32 bits.</summary>
    internal static uint Mask(int prefixLength) => prefixLength == 0 ? 0 : uint.MaxValue << (32 - prefixLength);

    /// <inheritdoc/>
    public override string ToString() => $"{Value >> 24}.{(Value >> 16) & 0xFF}.{(Value >> 8) & 0xFF}.{Value & 0xFF}";
}
