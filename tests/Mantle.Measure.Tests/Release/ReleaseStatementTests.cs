using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Release;

namespace Mantle.Measure.Tests.Release;

public sealed class ReleaseStatementTests
{
    [Fact]
    public void A_statement_reads_as_it_was_written()
    {
        byte[] bytes = Example().ToArray();
        ReleaseStatement read = ReleaseStatement.Read(bytes);
        Assert.Equal(bytes, read.ToArray());
        Assert.Equal(7, read.Number);
        Assert.Equal(new string('b', 64), read.DigestOf(ReleaseFiles.Image));
        Assert.Null(read.WaiversSha256);
        Assert.Null(read.WithSecureBoot.Difference(Example().WithSecureBoot));
        Assert.NotNull(read.WithSecureBoot.Difference(read.WithoutSecureBoot));
    }

    [Fact]
    public void The_order_in_which_files_are_named_does_not_show() =>
        Assert.Equal(Example().ToArray(), (Example() with { Subjects = [.. Example().Subjects.Reverse()] }).ToArray());

    [Fact]
    public void A_statement_has_one_encoding_and_no_member_too_many()
    {
        string good = Encoding.UTF8.GetString(Example().ToArray());
        foreach ((string from, string to, string reason) in new[]
        {
            ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1", "_type"),
            ("https://mantle.example/release/v1", "https://slsa.dev/provenance/v1", "predicateType"),
            ("\"number\": 7", "\"number\": 7.0", "whole number"),
            ("\"number\": 7", "\"number\": 7e0", "whole number"),
            ("\"number\": 7", "\"number\": -7", "whole number"),
            ("\"number\": 7", "\"number\": 99999999999999999999", "whole number"),
            ("\"number\": 7", "\"number\": \"7\"", "a number"),
            ("\"number\": 7", "\"number\": 7,\n    \"number\": 9", "twice"),
            ("\"number\": 7", "\"number\": 0", "start at 1"),
            ("\"number\": 7", "\"number\": 4", "minimum"),
            ("\"debug\": false", "\"debug\": 0", "true or false"),
            ("\"debug\": false", "\"debug\": false,\n    \"force\": true", "not known"),
            ("\"debug\": false,\n", "", "lacks"),
            ("2026-02-03T10:12:02Z", "2026-02-03T10:12:02+00:00", "a time"),
            ("2026-02-03T10:12:02Z", "2026-02-31T10:12:02Z", "a time"),
            ("2027-02-03T00:00:00Z", "2026-02-03T00:00:00Z", "expires before"),
            ("\"image.raw\"", "\"../image.raw\"", "name of a file"),
            ("\"image.raw\"", "\"/image.raw\"", "name of a file"),
            ("\"image.raw\"", "\"identity/../image.raw\"", "name of a file"),
            ("\"image.raw\"", "\"identity/.hidden\"", "name of a file"),
            ("\"image.raw\"", "\"release.dsse.json\"", "name of a file"),
            ("\"image.raw\"", "\"audit.json\"", "twice"),
            ("\"image.raw\"", "\"sbom.spdx.json\"", "order"),
            ("\"image.raw\"", "\"im\\u0061ge.raw\"", "canonical"),
            (new string('b', 64), new string('B', 64), "lower-case"),
            (new string('b', 64), new string('b', 40), "64 digits"),
            ("\"sha256\": \"" + new string('b', 64), "\"sha1\": \"" + new string('b', 40), "lacks"),
            ("\"sealed\"", "\"clean\"", "sealed, findings"),
            ("\"4\":", "\"04\":", "canonical"),
            ("\"4\":", "\"24\":", "no PCR"),
            ("\"sha256\": {\n          \"4\"", "\"sha1024\": {\n          \"4\"", "not known"),
            ("\"tiny\"", "\"../tiny\"", "letters"),
            ("\"tiny\"", "\"\"", "letters"),
        })
        {
            string bad = good.Replace(from, to, StringComparison.Ordinal);
            Assert.NotEqual(good, bad);
            string message = Assert.Throws<MalformedInputException>(() => ReleaseStatement.Read(Encoding.UTF8.GetBytes(bad))).Message;
            Assert.True(message.Contains(reason, StringComparison.Ordinal), $"{from} -> {to}: {message}");
        }
    }

    [Fact]
    public void Depth_is_bounded()
    {
        byte[] deep = Encoding.ASCII.GetBytes(new string('[', 100_000));
        Assert.Throws<MalformedInputException>(() => ReleaseStatement.Read(deep));
    }

    [Fact]
    public void Every_cut_is_refused()
    {
        byte[] good = Example().ToArray();
        for (int length = 0; length < good.Length; length += 3)
        {
            Assert.Throws<MalformedInputException>(() => ReleaseStatement.Read(good.AsMemory(0, length)));
        }
    }

    internal static ReleaseStatement Example() => new()
    {
        Subjects = [new(ReleaseFiles.Audit, new string('a', 64)), new(ReleaseFiles.Image, new string('b', 64)), new(ReleaseFiles.Manifest, new string('c', 64))],
        Name = "tiny",
        Version = "1.2.0",
        Number = 7,
        MinimumNumber = 5,
        Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
        Released = new(2026, 2, 3, 10, 12, 2, TimeSpan.Zero),
        Expires = new(2027, 2, 3, 0, 0, 0, TimeSpan.Zero),
        Audit = new("sealed", new string('d', 64), 0),
        WaiversSha256 = null,
        IdentitySha256 = new string('e', 64),
        WithoutSecureBoot = Measurements(1),
        WithSecureBoot = Measurements(2),
    };

    private static ReleaseMeasurements Measurements(byte value) => new(new Dictionary<TpmAlgorithm, IReadOnlyDictionary<int, TpmDigest>>
    {
        [TpmAlgorithm.Sha256] = new Dictionary<int, TpmDigest> { [4] = Digest(value), [7] = Digest((byte)(value + 16)) },
    });

    private static TpmDigest Digest(byte value)
    {
        byte[] bytes = new byte[32];
        bytes[0] = value;
        return new(TpmAlgorithm.Sha256, bytes);
    }
}
