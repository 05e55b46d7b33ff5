namespace Mantle.Init.Network.Dhcp;

/// <summary>The options that are sent or read: RFC 2132, RFC 3442 (121).</summary>
internal static class DhcpOption
{
    internal const byte Pad = 0;
    internal const byte SubnetMask = 1;
    internal const byte Router = 3;
    internal const byte DomainNameServer = 6;
    internal const byte DomainName = 15;
    internal const byte InterfaceMtu = 26;
    internal const byte RequestedAddress = 50;
    internal const byte LeaseTime = 51;
    internal const byte Overload = 52;
    internal const byte MessageType = 53;
    internal const byte ServerIdentifier = 54;
    internal const byte ParameterRequestList = 55;
    internal const byte MaximumMessageSize = 57;
    internal const byte RenewalTime = 58;
    internal const byte RebindingTime = 59;
    internal const byte ClassLessRoutes = 121;
    internal const byte End = 255;
}
