using System.Globalization;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release;

namespace Mantle.ImageBuilder.Publishing;

/// <summary>A release that may be published: one that was verified. There is no other way to get one.</summary>
public sealed class PublishRelease
{
    /// <summary>The tag that says which release an AMI or a snapshot is of: SHA-256 of the statement.</summary>
    public const string ReleaseTag = "mantle:release";

    /// <summary>The tag that says which image a snapshot is of: SHA-256.</summary>
    public const string ImageTag = "mantle:image";

    /// <summary>Before a PCR's number, the tag with its SHA-384 value on a machine with the identity.</summary>
    public const string PcrTag = "mantle:pcr";

    private const int MaximumNameLength = 128;
    private const int DigestLength = 16;

    private static readonly int[] s_taggedPcrs = [4, 7, 12, 13];

    internal PublishRelease()
    {
    }

    /// <summary>Where it lies.</summary>
    public required string Directory { get; init; }

    /// <summary>The appliance.</summary>
    public required string Name { get; init; }

    /// <summary>Its version.</summary>
    public required string Version { get; init; }

    /// <summary>Its number.</summary>
    public required long Number { get; init; }

    /// <summary>SHA-256 of the statement: which release it is.</summary>
    public required string Statement { get; init; }

    /// <summary>The image.</summary>
    public required ByteSource Image { get; init; }

    /// <summary>SHA-256 of the image.</summary>
    public required string ImageSha256 { get; init; }

    /// <summary>The identity's variables.</summary>
    public required SecureBootVariables Variables { get; init; }

    /// <summary>The measurements with Secure Boot off.</summary>
    public required ReleaseMeasurements WithoutSecureBoot { get; init; }

    /// <summary>The measurements with Secure Boot on.</summary>
    public required ReleaseMeasurements WithSecureBoot { get; init; }

    /// <summary>What people call it.</summary>
    public string Label => $"{Name} {Version}";

    /// <summary>The AMI's name, unique in account and region: the release's, made of the characters that a name may have, and the beginning of its digest.</summary>
    public string ImageName
    {
        get
        {
            string plain = string.Concat($"{Name}-{Version}".Select(letter => char.IsAsciiLetterOrDigit(letter) || "()[]./-_".Contains(letter, StringComparison.Ordinal) ? letter : '-'));
            return $"{plain[..Math.Min(plain.Length, MaximumNameLength - DigestLength - 1)]}-{Statement[..DigestLength]}";
        }
    }

    /// <summary>The variables that an instance starts with: PK, KEK, db and, where there is one, dbx.</summary>
    public IReadOnlyList<EfiVariable> UefiVariables
    {
        get
        {
            EfiVariable Make(Guid vendor, string name, ReadOnlyMemory<byte> content) => new(vendor, name, EfiVariableAttributes.SecureBootVariable, content);
            return
            [
                .. Variables.Forbidden.IsEmpty ? [] : new[] { Make(EfiGuids.ImageSecurityDatabase, "dbx", Variables.Forbidden) },
                Make(EfiGuids.ImageSecurityDatabase, "db", Variables.Allowed),
                Make(EfiGuids.GlobalVariable, "KEK", Variables.KeyExchangeKeys),
                Make(EfiGuids.GlobalVariable, "PK", Variables.PlatformKey),
            ];
        }
    }

    /// <summary>The tags of the AMI.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags
    {
        get
        {
            IReadOnlyDictionary<int, TpmDigest> values = WithSecureBoot.Banks[TpmAlgorithm.Sha384];
            return
            [
                new("Name", Label),
                new(ReleaseTag, Statement),
                new(ImageTag, ImageSha256),
                new("mantle:name", Name),
                new("mantle:version", Version),
                new("mantle:number", Number.ToString(CultureInfo.InvariantCulture)),
                .. s_taggedPcrs.Where(values.ContainsKey).Select(pcr => new KeyValuePair<string, string>(string.Create(CultureInfo.InvariantCulture, $"{PcrTag}{pcr}"), values[pcr].ToString())),
            ];
        }
    }

    /// <summary>The tags of the snapshot.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> SnapshotTags => [new("Name", Label), new(ReleaseTag, Statement), new(ImageTag, ImageSha256)];

    /// <summary>Takes a release that <c>measure verify</c>'s rules hold for.</summary>
    public static PublishRelease Of(VerifiedRelease release) => new()
    {
        Directory = release.Directory,
        Name = release.Statement.Name,
        Version = release.Statement.Version,
        Number = release.Statement.Number,
        Statement = release.StatementSha256,
        Image = release.Image,
        ImageSha256 = release.Statement.DigestOf(ReleaseFiles.Image)!,
        Variables = release.Variables,
        WithoutSecureBoot = release.Statement.WithoutSecureBoot,
        WithSecureBoot = release.Statement.WithSecureBoot,
    };
}
