using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.Release;

namespace Mantle.ImageBuilder.Binding;

/// <summary>A release to which a key may be released: one that was verified. There is no other way to get one.</summary>
public sealed class BindRelease
{
    internal BindRelease(string name, params IReadOnlyList<AttestedPcrs> images)
    {
        Name = name;
        Images = images;
    }

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    /// <summary>The registers with Secure Boot off and on.</summary>
    internal IReadOnlyList<AttestedPcrs> Images { get; }

    /// <summary>Takes a release that <c>measure verify</c>'s rules hold for.</summary>
    public static BindRelease Of(VerifiedRelease release)
    {
        string name = $"{release.Statement.Name} {release.Statement.Version}";
        return new(name, ReleasePcrs.Of(name, release.WithoutSecureBoot), ReleasePcrs.Of(name, release.WithSecureBoot));
    }
}
