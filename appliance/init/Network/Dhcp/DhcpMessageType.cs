namespace Mantle.Init.Network.Dhcp;

/// <summary>DHCP message types, RFC 2132, 9.6.</summary>
internal enum DhcpMessageType : byte
{
    None = 0,
    Discover = 1,
    Offer = 2,
    Request = 3,
    Decline = 4,
    Acknowledge = 5,
    NegativeAcknowledge = 6,
    Release = 7,
    Inform = 8,
}
