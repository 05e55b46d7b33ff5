using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Pe;

public class AuthenticodeDigestTests
{
    [Theory]
    [InlineData("tiny64.efi", "a82d7e4f091c44ec75d97746b3461c8ea9151e2313f8e9a4330432ee5f25b2ae")]
    [InlineData("tiny64.signed.efi", "a82d7e4f091c44ec75d97746b3461c8ea9151e2313f8e9a4330432ee5f25b2ae")]
    [InlineData("test.pecoff", "9f2b505ce20bc20c2ce7f7a33cb93ca97d1465735ce6821a6fc8e8c7b1e0e60a")]
    [InlineData("test.pecoff.signed", "e7d74d2bc1287c17bf056e259ad7d2ca557e848b252509ae9956df0b14f69702")]
    public void Published_digests_are_reproduced(string vector, string expected) =>
        Assert.Equal(expected, Sha256(File.ReadAllBytes(Repository.SharedVector($"authenticode/{vector}"))));

    [Fact]
    public void The_published_sha1_digest_is_reproduced() =>
        Assert.Equal(
            "e9bdfb63bdf687b8d3bf144033fcb09d7a393563",
            Convert.ToHexStringLower(AuthenticodeDigest.Compute(Read(File.ReadAllBytes(Repository.SharedVector("authenticode/tiny64.efi"))), HashAlgorithmName.SHA1)[0]));

    [Fact]
    public void Padding_an_unsigned_image_to_8_bytes_changes_its_digest_to_what_a_signature_covers()
    {
        byte[] unsigned = File.ReadAllBytes(Repository.SharedVector("authenticode/test.pecoff"));
        byte[] padded = new byte[(unsigned.Length + 7) / 8 * 8];
        unsigned.CopyTo(padded, 0);

        Assert.Equal("e7d74d2bc1287c17bf056e259ad7d2ca557e848b252509ae9956df0b14f69702", Sha256(padded));
    }

    [Fact]
    public void The_checksum_is_not_hashed_and_contents_and_their_padding_are()
    {
        byte[] image = SyntheticPe.Build([(".text", SyntheticPe.Bytes(600, 1)), (".data", [1])]);
        string digest = Sha256(image);
        for (int at = 0x600; at < image.Length; at += 97)
        {
            byte[] changed = [.. image];
            changed[at] ^= 1;
            Assert.NotEqual(digest, Sha256(changed));
        }

        SyntheticPe.Put32(image, 88 + 64, 0x12345678);
        Assert.Equal(digest, Sha256(image));
    }

    [Fact]
    public void Bytes_between_sections_are_left_out_and_the_rest_starts_at_the_count_of_hashed_bytes()
    {
        byte[] plain = SyntheticPe.Build([(".text", SyntheticPe.Bytes(512, 1)), (".data", SyntheticPe.Bytes(512, 2))]);
        byte[] gapped = [.. plain.AsSpan(0, 0x800), .. SyntheticPe.Bytes(512, 9), .. plain.AsSpan(0x800)];
        SyntheticPe.Put32(gapped, 368 + 20, 0xa00);
        byte[] expected =
        [
            .. gapped.AsSpan(0, 88 + 64), .. gapped.AsSpan(88 + 68, 76), .. gapped.AsSpan(88 + 152, 0x600 - 88 - 152),
            .. gapped.AsSpan(0x600, 512), .. gapped.AsSpan(0xa00, 512), .. gapped.AsSpan(0xa00, 512),
        ];

        Assert.Equal(expected, AuthenticodeDigest.HashedContent(Read(gapped)).ToArray());
    }

    [Fact]
    public void An_image_without_a_certificate_directory_is_hashed_up_to_its_headers_end()
    {
        byte[] image = SyntheticPe.Build([(".text", SyntheticPe.Bytes(512, 1))], directories: 4);

        Assert.Equal([.. image.AsSpan(0, 88 + 64), .. image.AsSpan(88 + 68)], AuthenticodeDigest.HashedContent(Read(image)).ToArray());
    }

    [Fact]
    public void All_algorithms_at_once_give_what_each_gives_alone()
    {
        HashAlgorithmName[] algorithms = [HashAlgorithmName.SHA1, HashAlgorithmName.SHA256, HashAlgorithmName.SHA384, HashAlgorithmName.SHA512];
        PeImage image = Read(SyntheticPe.Build([(".text", SyntheticPe.Bytes(3_000_000, 1))]));

        Assert.Equal(algorithms.Select(a => AuthenticodeDigest.Compute(image, a)[0]), AuthenticodeDigest.Compute(image, algorithms));
        Assert.Equal(SHA384.HashData(AuthenticodeDigest.HashedContent(image).ToArray()), AuthenticodeDigest.Compute(image, algorithms)[2]);
    }

    [Theory]
    [InlineData("tiny64.efi")]
    [InlineData("tiny64.signed.efi")]
    public void Pesign_and_osslsigncode_compute_the_same(string vector)
    {
        string path = Repository.SharedVector($"authenticode/{vector}");
        string ours = Sha256(File.ReadAllBytes(path));
        string pesign = Oracle.Succeed("pesign", "--hash", $"--in={path}", "--digest_type=sha256");

        Assert.Contains(ours, pesign, StringComparison.Ordinal);
        string theirs = Regex.Match(Oracle.Run("osslsigncode", ["verify", "-in", path]).Output, "Calculated message digest *: *([0-9A-F]+)").Groups[1].Value;
        if (theirs.Length > 0)
        {
            Assert.Equal(ours, theirs, ignoreCase: true);
        }
    }

    private static PeImage Read(byte[] bytes) => PeImage.Read(ByteSource.FromMemory(bytes));

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(AuthenticodeDigest.Compute(Read(bytes), HashAlgorithmName.SHA256)[0]);
}
