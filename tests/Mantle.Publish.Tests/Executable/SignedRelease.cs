using Mantle.Cli.Tests;

namespace Mantle.Publish.Tests.Executable;

/// <summary>A release of twenty megabytes, built and signed by the executable itself, and a policy that accepts it.</summary>
public sealed class SignedRelease : SigningWorkshop
{
    public SignedRelease()
        : base("manager") => MakeRelease("release", number: 3, payload: 20_000_000);
}
