using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Policy;
using Mantle.Measure.Release.Verification;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Release;

/// <summary>Somebody changes the directory after it was verified and before it is used, by way of another name of the same files, so that every open file changes.</summary>
public sealed class ReleaseTimeOfUseTests : IDisposable
{
    private const int Block = 1 << 16;

    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _links = new();
    private readonly TestRelease _release = TestRelease.Sound();
    private readonly VerifiedRelease _verified;

    public ReleaseTimeOfUseTests()
    {
        _release.Write(_folder);
        foreach (string name in _release.Files.Keys.Append(ReleaseFiles.Envelope))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_links[name])!);
            Oracle.Succeed("ln", _folder[name], _links[name]);
        }

        _verified = ReleaseVerification.Verify(
            _folder.Root, new() { Policy = ReleasePolicyReader.Parse("release.yaml", TestRelease.Policy(), _ => null), At = TestRelease.At, Workers = 2 }).Require();
    }

    public void Dispose()
    {
        _folder.Dispose();
        _links.Dispose();
    }

    [Fact]
    public void The_records_are_those_that_were_verified()
    {
        (string before, byte[] variables) = (Registers(), _verified.Variables.Allowed.ToArray());
        foreach (string name in _release.Files.Keys.Append(ReleaseFiles.Envelope).Where(name => name != ReleaseFiles.Image))
        {
            byte[] other = File.ReadAllBytes(_links[name]);
            Array.Reverse(other);
            File.WriteAllBytes(_links[name], other);
            Assert.Equal(other, File.ReadAllBytes(_folder[name]));
            if (name is not ReleaseFiles.Envelope)
            {
                Assert.Equal(_release.Files[name], _verified.Open(name).ToArray());
            }
        }

        Assert.Equal(before, Registers());
        Assert.Equal(variables, _verified.Variables.Allowed.ToArray());
    }

    [Fact]
    public void A_block_of_the_image_that_was_changed_is_not_read()
    {
        byte[] image = _release.Files[ReleaseFiles.Image];
        int changed = Array.FindIndex(image, Block, value => value != 0);
        using (FileStream file = new(_links[ReleaseFiles.Image], FileMode.Open))
        {
            file.Position = changed;
            file.WriteByte((byte)(image[changed] ^ 0xff));
        }

        for (int at = 0; at < image.Length; at += Block)
        {
            int length = Math.Min(Block, image.Length - at);
            if (changed / Block == at / Block)
            {
                Assert.Contains("was changed after it was verified", Refused(at, length), StringComparison.Ordinal);

                // A part comes from what is kept of the verified block, or not at all.
                byte[] part = new byte[1];
                Exception? refused = Record.Exception(() => _verified.Image.ReadExactly(changed, part));
                Assert.True(refused is UserErrorException || (refused is null && part[0] == image[changed]), $"{refused}");
            }
            else
            {
                Assert.Equal(image.AsSpan(at, length).ToArray(), _verified.Image.Slice(at, length).ToArray());
            }
        }

        Refused(0, image.Length);
    }

    /// <summary>Nor while it is verified: all that is read behind the digest is what was digested, or nothing.</summary>
    [Fact]
    public void An_image_that_changes_between_two_checks_is_noticed()
    {
        byte[] image = _release.Files[ReleaseFiles.Image];
        ProvenImage proven = ProvenImage.Read(ByteSource.OpenFile(_folder[ReleaseFiles.Image]));
        Assert.Equal(image.AsSpan(1024, 10).ToArray(), proven.Slice(1024, 10).ToArray());
        File.WriteAllBytes(_links[ReleaseFiles.Image], [.. image.Select(value => (byte)(value ^ 1))]);
        Assert.Equal(image.AsSpan(2048, 10).ToArray(), proven.Slice(2048, 10).ToArray()); // of a block that is still in memory
        Assert.Throws<UserErrorException>(() => Predictor.Predict(proven, new()));
    }

    [Fact]
    public void A_hole_that_was_punched_is_no_hole_and_zeros_that_were_written_over_are_none()
    {
        byte[] image = _release.Files[ReleaseFiles.Image];
        Assert.Equal(0, _verified.Image.FindData(0));
        Oracle.Succeed("fallocate", "--punch-hole", "--offset", "0", "--length", $"{image.Length}", _links[ReleaseFiles.Image]);
        Assert.Equal(0, _verified.Image.FindData(0));
        Refused(0, Block);

        int zero = Enumerable.Range(0, (image.Length + Block - 1) / Block).First(block => !image.AsSpan(block * Block, Math.Min(Block, image.Length - (block * Block))).ContainsAnyExcept((byte)0));
        Assert.True(_verified.Image.FindData(zero * Block) >= (zero + 1) * Block);
        using (FileStream file = new(_links[ReleaseFiles.Image], FileMode.Open))
        {
            file.Position = (zero * Block) + 5;
            file.WriteByte(1);
        }

        Refused(zero * Block, Math.Min(Block, image.Length - (zero * Block)));
    }

    [Fact]
    public void An_image_that_was_put_in_its_place_is_another_file()
    {
        File.WriteAllBytes(_folder["other"], new byte[1000]);
        File.Move(_folder["other"], _folder[ReleaseFiles.Image], overwrite: true);
        Assert.Equal(_release.Files[ReleaseFiles.Image], _verified.Image.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Block - 1)]
    [InlineData(Block)]
    [InlineData((40 * Block) + 17)]
    public void Every_range_is_that_of_the_whole(int length)
    {
        byte[] content = new byte[length];
        Random random = new(length);
        random.NextBytes(content);
        content.AsSpan(length / 3, length / 3).Clear();
        ProvenImage image = ProvenImage.Read(ByteSource.FromMemory(content));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), image.Sha256);
        Assert.Equal(content, image.ToArray());
        for (int i = 0; i < 200; i++)
        {
            int start = random.Next(length);
            int count = random.Next(Math.Min(length - start, i % 2 == 0 ? 100 : 3 * Block) + 1);
            Assert.True(content.AsSpan(start, count).SequenceEqual(image.Slice(start, count).ToArray()));
            long data = image.FindData(start);
            Assert.True(data >= start && data <= length && !content.AsSpan(start, (int)data - start).ContainsAnyExcept((byte)0));
        }
    }

    private string Registers() => string.Join('\n', _verified.WithSecureBoot.Pcrs.Concat(_verified.WithoutSecureBoot.Pcrs).Select(pcr => $"{pcr.Index} {string.Join(' ', pcr.Values)}"));

    private string Refused(int offset, int length)
    {
        UserErrorException refused = Assert.Throws<UserErrorException>(() => _verified.Image.ReadExactly(offset, new byte[length]));
        Assert.Equal(ExitCode.Mismatch, refused.Code);
        return refused.Message;
    }
}
