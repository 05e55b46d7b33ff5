using Mantle.Emulator.Ec2.Wire;
using Microsoft.AspNetCore.Http;

namespace Mantle.Emulator.Ec2;

/// <summary>One call while it is worked on.</summary>
internal sealed class Ec2Request
{
    public required Ec2Caller Caller { get; init; }

    public required string Region { get; init; }

    public required HttpRequest Http { get; init; }

    public required EbsRoute? Route { get; init; }

    public required QueryForm? Form { get; init; }

    public required ReadOnlyMemory<byte> Body { get; init; }
}
