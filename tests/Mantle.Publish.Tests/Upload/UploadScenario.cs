using System.Security.Cryptography;
using Mantle.Emulator.Ec2.Ebs;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Aws;
using Mantle.ImageBuilder.Publishing.Ebs;
using Mantle.ImageBuilder.Publishing.Images;
using Mantle.ImageBuilder.Publishing.Upload;
using Mantle.Testing;

namespace Mantle.Publish.Tests.Upload;

/// <summary>An image of some megabytes with holes and zeros, and an upload of it.</summary>
internal sealed class UploadScenario : IAsyncDisposable
{
    public const int Block = IBlockService.BlockSize;

    private readonly TemporaryFolder _folder = new();

    private UploadScenario(PublishCloud cloud, int seed)
    {
        Cloud = cloud;
        Path = _folder["image.raw"];
        WriteImage(Path, seed);
        Digest = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path)));
    }

    public PublishCloud Cloud { get; }

    public string Path { get; }

    public string Digest { get; }

    public string Journal => _folder["journal"];

    public int Parallel { get; set; } = 4;

    public EmulatedSnapshot Snapshot => Assert.Single(Cloud.Service.Snapshots);

    public static async Task<UploadScenario> StartAsync(int seed = 1) => new(await PublishCloud.StartAsync(), seed);

    /// <summary>Blocks 0 to 4 and 20 to 24 have data, 5 to 9 zeros that are written, 10 to 19 are a hole; the last block is short.</summary>
    public static void WriteImage(string path, int seed)
    {
        Random random = new(seed);
        using FileStream file = new(path, FileMode.Create);
        byte[] block = new byte[Block];
        foreach (int index in (int[])[0, 1, 2, 3, 4, 20, 21, 22, 23, 24])
        {
            random.NextBytes(block);
            file.Position = (long)index * Block;
            file.Write(block, 0, index == 24 ? 12_345 : Block);
        }

        file.Position = 5L * Block;
        file.Write(new byte[5 * Block]);
    }

    public async Task<UploadResult> UploadAsync(IProgress<UploadProgress>? progress = null, CancellationToken cancellation = default)
    {
        using EbsClient blocks = Cloud.Blocks();
        using ImageService images = Cloud.Images();
        SnapshotUploader uploader = new(blocks, async (id, stop) => (await images.FindSnapshotAsync(id, stop))?.State.Value, Cloud.Retries, TimeProvider.System) { Parallel = Parallel };
        return await uploader.UploadAsync(
            new() { Image = ByteSource.OpenFile(Path), ImageSha256 = Digest, Description = "sample", Tags = [new("mantle:image", Digest)], JournalPath = Journal }, progress, cancellation);
    }

    public async Task<CloudException> FailAsync(CloudFailure failure)
    {
        CloudException e = await Assert.ThrowsAsync<CloudException>(() => UploadAsync());
        Assert.True(e.Failure == failure, $"{e.Failure}: {e.Message}");
        return e;
    }

    /// <summary>What is stored is the image, byte for byte, and every block with data was sent once.</summary>
    public void AssertStored(EmulatedSnapshot? snapshot = null, bool sentOnce = true)
    {
        snapshot ??= Snapshot;
        Assert.Equal("completed", snapshot.State);
        byte[] expected = File.ReadAllBytes(Path);
        byte[] actual = new byte[expected.Length];
        byte[] stored = File.ReadAllBytes(snapshot.Path);
        Assert.Equal((expected.Length + Block - 1) / Block * Block, stored.Length);
        stored.AsSpan(0, actual.Length).CopyTo(actual);
        Assert.True(actual.AsSpan().SequenceEqual(expected));
        Assert.False(stored.AsSpan(actual.Length).ContainsAnyExcept((byte)0));
        Assert.Equal([0, 1, 2, 3, 4, 20, 21, 22, 23, 24], snapshot.Blocks);
        if (sentOnce)
        {
            Assert.All(snapshot.Puts.Values, count => Assert.Equal(1, count));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Cloud.DisposeAsync();
        _folder.Dispose();
    }
}
