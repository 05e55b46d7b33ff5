using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Volumes;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Volumes;

public sealed class VolumeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _key = new byte[64];

    public VolumeTests()
    {
        Directory.CreateDirectory(_folder["source/sub"]);
        byte[] large = new byte[3_000_001];
        new Random(1).NextBytes(large);
        File.WriteAllBytes(_folder["source/large"], large);
        File.WriteAllBytes(_folder["source/sub/zeros"], new byte[2 << 20]);
        File.WriteAllText(_folder["source/sub/small"], "hello\n");
        File.CreateSymbolicLink(_folder["source/link"], "large");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Foreign_tools_find_a_table_a_tree_and_the_files_in_a_plain_volume()
    {
        VolumeResult result = await Create("plain.img");
        string image = _folder["plain.img"];
        Assert.Contains("No problems found", Oracle.Succeed("sgdisk", "-v", image), StringComparison.Ordinal);
        string partition = Oracle.Succeed("sgdisk", "-i", "1", image);
        Assert.Contains($"Partition unique GUID: {Guid.ParseExact(result.RootHash[..32], "N").ToString().ToUpperInvariant()}", partition, StringComparison.Ordinal);
        Assert.Contains("Partition name: 'mantle-data'", partition, StringComparison.Ordinal);

        CopyPartition(image, _folder["part"]);
        Oracle.Succeed("veritysetup", "verify", $"--hash-offset={result.DataLength}", _folder["part"], _folder["part"], result.RootHash);
        Oracle.Succeed("fsck.erofs", $"--extract={_folder["out"]}", _folder["part"]);
        Assert.Equal("", Oracle.Succeed("diff", "-r", "--no-dereference", _folder["source"], _folder["out"]));
        Assert.Equal(new VolumeVerdict("holds", result.RootHash, null), VolumeVerdict.Of(Read("plain.img"), Convert.FromHexString(result.RootHash), 2));
    }

    /// <summary>The whole hash area, byte by byte.</summary>
    [Fact]
    public async Task Veritysetup_makes_the_same_tree()
    {
        VolumeResult result = await Create("plain.img");
        CopyPartition(_folder["plain.img"], _folder["part"]);
        byte[] part = File.ReadAllBytes(_folder["part"]);
        File.WriteAllBytes(_folder["data"], part[..(int)result.DataLength]);
        string dump = Oracle.Succeed("veritysetup", "dump", $"--hash-offset={result.DataLength}", _folder["part"]);
        string Value(string name) => dump.Split('\n').Single(line => line.StartsWith(name, StringComparison.Ordinal)).Split(':')[1].Trim();
        string said = Oracle.Succeed("veritysetup", "format", $"--salt={Value("Salt")}", $"--uuid={Value("UUID")}", _folder["data"], _folder["hashes"]);
        Assert.Contains(result.RootHash, said, StringComparison.Ordinal);
        Assert.Equal(part[(int)result.DataLength..], File.ReadAllBytes(_folder["hashes"]));
    }

    [Fact]
    public async Task The_same_files_make_the_same_plain_volume()
    {
        await Create("one.img");
        Directory.Move(_folder["source"], _folder["elsewhere"]);
        File.SetLastWriteTimeUtc(_folder["elsewhere/large"], DateTime.UnixEpoch);
        await Create("two.img", "elsewhere");
        Assert.Equal(SHA256.HashData(File.ReadAllBytes(_folder["one.img"])), SHA256.HashData(File.ReadAllBytes(_folder["two.img"])));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(16_384)]
    [InlineData(16_385)]
    public async Task Every_size_of_tree_holds(int blocks)
    {
        byte[] content = new byte[blocks * 4096];
        new Random(blocks).NextBytes(content);
        VolumeResult result = await VolumeWriter.WriteAsync(
            new VolumeRequest { Content = ByteSource.FromMemory(content), ContentIdentity = "x", Output = _folder["sized.img"], Name = "a", Version = "1" }, default);
        Assert.Equal("what it holds is no EROFS", VolumeVerdict.Of(Read("sized.img"), null, 2).Problem!.Split(':')[0]);
        CopyPartition(_folder["sized.img"], _folder["part"]);
        Oracle.Succeed("veritysetup", "verify", $"--hash-offset={content.Length}", _folder["part"], _folder["part"], result.RootHash);
    }

    [Fact]
    public async Task An_encrypted_volume_is_a_plain_one_under_xts_with_its_sealed_key_before_it()
    {
        VolumeResult plain = await Create("plain.img");
        VolumeResult encrypted = await CreateEncrypted("encrypted.img");
        Assert.Equal(plain.RootHash, encrypted.RootHash);
        Volume volume = Read("encrypted.img");
        Assert.Equal(plain.RootHash, volume.NamedRootHash);
        Assert.Equal("sealed by the test"u8.ToArray(), volume.Key!.EncryptedKey.ToArray());

        byte[] content = volume.Data.Content.ToArray();
        using XtsCipher decryption = new(_key, 4096, decrypts: true);
        decryption.Transform(0, content, 0, content.Length);
        Assert.Equal(Read("plain.img").Data.Content.ToArray(), content);
        Assert.Equal("unverified", VolumeVerdict.Of(volume, null, 2).Word);
        Assert.Equal("mismatch", VolumeVerdict.Of(volume, new byte[32], 2).Word);
        Assert.Null(volume.Check(_key, null, 2).Problem);
        Assert.StartsWith("wrong key", volume.Check(new byte[64].Select((_, i) => (byte)i).ToArray(), null, 2).Problem, StringComparison.Ordinal);
        Assert.Contains("No problems found", Oracle.Succeed("sgdisk", "-v", _folder["encrypted.img"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_damaged_block_is_found()
    {
        VolumeResult result = await Create("plain.img");
        byte[] image = File.ReadAllBytes(_folder["plain.img"]);
        long start = Read("plain.img").Data.Offset;
        foreach (long offset in new[] { 0, 5000, result.DataLength - 1, result.DataLength + 4096, result.DataLength + 4096 + 4096 + 7 })
        {
            byte[] damaged = [.. image];
            damaged[start + offset] ^= 0x10;
            File.WriteAllBytes(_folder["damaged.img"], damaged);
            Assert.Equal("mismatch", VolumeVerdict.Of(Read("damaged.img"), null, 2).Word);
        }

        byte[] another = SHA256.HashData("another"u8);
        Assert.Equal("the root hash is another", VolumeVerdict.Of(Read("plain.img"), another, 2).Problem);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_that_was_cut_off_is_gone_on_with(bool isEncrypted)
    {
        // 64 MiB are a segment; the third is never begun.
        byte[] content = new byte[(150 << 20) + 4096];
        new Random(3).NextBytes(content);
        using CancellationTokenSource cut = new();
        int sealings = 0;
        VolumeRequest request = new()
        {
            Content = ByteSource.FromMemory(content), ContentIdentity = "x", Output = _folder["cut.img"], Name = "a", Version = "1",
            SealKey = isEncrypted ? (key, _) => Seal(key, ref sealings) : null,
            Progress = (done, _) =>
            {
                if (done >= 128 << 20)
                {
                    cut.Cancel();
                }
            },
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => VolumeWriter.WriteAsync(request, cut.Token));
        Assert.False(File.Exists(_folder["cut.img"]));
        Assert.DoesNotContain(Convert.ToHexStringLower(_key), File.ReadAllText(_folder["cut.img.partial.journal"]), StringComparison.Ordinal);

        byte[] first = [.. _key];
        VolumeResult result = await VolumeWriter.WriteAsync(request with { Progress = null }, default);
        if (isEncrypted && result.ResumedBytes == 0)
        {
            Assert.Skip("the kernel's key ring is not to be had here");
        }

        Assert.Equal(128 << 20, result.ResumedBytes);
        Assert.Equal(isEncrypted ? 1 : 0, sealings);
        Assert.Equal(first, _key);
        Assert.Equal([_folder["cut.img"]], Directory.GetFiles(_folder.Root, "cut.img*"));
        VolumeResult whole = await VolumeWriter.WriteAsync(request with { Progress = null, Output = _folder["whole.img"], SealKey = null }, default);
        Assert.Equal(whole.RootHash, result.RootHash);
        Assert.Equal("what it holds is no EROFS", Read("cut.img").Check(isEncrypted ? _key : [], null, 2).Problem!.Split(':')[0]);
    }

    [Fact]
    public async Task Another_input_does_not_go_on_where_the_first_was()
    {
        byte[] content = new byte[65 << 20];
        using CancellationTokenSource cut = new();
        VolumeRequest request = new()
        {
            Content = ByteSource.FromMemory(content), ContentIdentity = "x", Output = _folder["cut.img"], Name = "a", Version = "1", Progress = (_, _) => cut.Cancel(),
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => VolumeWriter.WriteAsync(request, cut.Token));
        VolumeResult result = await VolumeWriter.WriteAsync(request with { ContentIdentity = "y", Progress = null }, default);
        Assert.Equal(0, result.ResumedBytes);
    }

    [Fact]
    public void A_disk_that_is_no_volume_is_refused()
    {
        Assert.Throws<MalformedInputException>(() => Volume.Read(ByteSource.Zeros(1 << 20)));
        Assert.Throws<MalformedInputException>(() => Volume.Read(ByteSource.Empty));
    }

    [Fact]
    public void A_pipe_is_no_content()
    {
        Oracle.Succeed("mkfifo", _folder["source/pipe"]);
        Assert.Contains("is a device, a pipe or a socket", Assert.Throws<Mantle.Measure.UserErrorException>(() => VolumeContent.Open(_folder["source"], "a", "1")).Message, StringComparison.Ordinal);
    }

    private Task<VolumeResult> Create(string name, string source = "source") => VolumeWriter.WriteAsync(Request(name, source), default);

    private Task<VolumeResult> CreateEncrypted(string name)
    {
        int sealings = 0;
        return VolumeWriter.WriteAsync(Request(name, "source") with { SealKey = (key, _) => Seal(key, ref sealings) }, default);
    }

    private Task<byte[]> Seal(ReadOnlyMemory<byte> key, ref int sealings)
    {
        sealings++;
        key.CopyTo(_key);
        return Task.FromResult("sealed by the test"u8.ToArray());
    }

    private VolumeRequest Request(string name, string source) => new()
    {
        Content = VolumeContent.Open(_folder[source], "weights", "1"), ContentIdentity = VolumeContent.Identity(_folder[source]), Output = _folder[name], Name = "weights", Version = "1",
    };

    private Volume Read(string name) => Volume.Read(ByteSource.OpenFile(_folder[name]));

    private static void CopyPartition(string image, string to)
    {
        using FileStream file = File.Create(to);
        Volume.Read(ByteSource.OpenFile(image)).Data.Content.OpenStream().CopyTo(file);
    }
}
