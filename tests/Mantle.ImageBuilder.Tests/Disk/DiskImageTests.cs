using System.Security.Cryptography;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Disk;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Disk;

public class DiskImageTests
{
    [Fact]
    public void A_written_file_equals_its_source_and_its_digest_is_right() =>
        Gen.Select(Gen.Int[0, 5000].Array[0, 6], Gen.Int[0, 3_000_000]).Sample((lengths, size) =>
        {
            using TemporaryFolder folder = new();
            List<ByteSource.Extent> extents = [];
            long end = 0;
            foreach (int length in lengths)
            {
                byte[] content = new byte[length];
                new Random(length).NextBytes(content);
                extents.Add(new(end, ByteSource.FromMemory(content)));
                end += length * 97;
            }

            ByteSource source = ByteSource.Compose(end + size, extents);
            byte[] digest = DiskImage.Write(source, folder["disk"], CancellationToken.None).GetAwaiter().GetResult();
            byte[] written = File.ReadAllBytes(folder["disk"]);
            Assert.Equal(source.ToArray(), written);
            Assert.Equal(SHA256.HashData(written), digest);
        }, iter: 20);

    [Fact]
    public void Zeros_take_no_space()
    {
        using TemporaryFolder folder = new();
        ByteSource source = ByteSource.Compose(1L << 30, [new(512L << 20, ByteSource.FromMemory(new byte[] { 1 }))]);
        DiskImage.Write(source.Slice(0, 600L << 20), folder["disk"], CancellationToken.None);

        Assert.Equal(4096, DiskImage.AllocatedBytes(folder["disk"]));
        Assert.Equal(600L << 20, new FileInfo(folder["disk"]).Length);
    }
}
