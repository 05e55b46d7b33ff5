using System.Text;
using Mantle.Init.Configuration;
using Mantle.Init.Unsealing;
using Mantle.Init.Verity;

namespace Mantle.Init.Tests.Unsealing;

public sealed class VolumePartitionsTests
{
    private const string RootHash = "00112233445566778899aabbccddeeffffeeddccbbaa99887766554433221100";
    private static readonly Guid s_data = new("00112233-4455-6677-8899-aabbccddeeff");
    private static readonly Guid s_key = new("ffeeddcc-bbaa-9988-7766-554433221100");
    private static readonly VolumeConfiguration s_plain = new("weights", RootHash, "1", false);
    private static readonly VolumeConfiguration s_encrypted = s_plain with { Encrypted = true };

    [Fact]
    public void A_volume_is_found_by_the_halves_of_its_root_hash()
    {
        Partition data = Partition(s_data, "259:1");
        Partition key = Partition(s_key, "259:2");
        Partition other = Partition(Guid.NewGuid(), "259:3");
        Assert.Equal(new VolumePartitions(data, key, 5), VolumePartitions.Find(s_encrypted, [other, key, data], []));
        Assert.Equal(new VolumePartitions(data, null, 5), VolumePartitions.Find(s_plain, [data], []));
    }

    [Fact]
    public void What_is_missing_doubled_or_cut_off_has_a_code_of_its_own()
    {
        Partition data = Partition(s_data, "259:1");
        Assert.Equal(StageCode.VolumeNotFound, CodeOf(s_plain, [], []));
        Assert.Equal(StageCode.VolumeNotFound, CodeOf(s_encrypted, [data], []));
        Assert.Equal(StageCode.VolumeAmbiguous, CodeOf(s_plain, [data, Partition(s_data, "259:9")], []));
        Assert.Equal(StageCode.VolumeAmbiguous, CodeOf(s_plain, [data], [s_data]));
        Assert.Equal(StageCode.VolumeMalformed, CodeOf(s_plain, [], [s_data]));
        Assert.Equal(StageCode.VolumeMalformed, CodeOf(s_plain, [data with { Length = data.Length + 512 }], []));
    }

    /// <summary>Every length of a device, against the definition: data, a superblock's block, and the tree's levels.</summary>
    [Fact]
    public void The_length_of_a_volume_says_how_much_of_it_is_data()
    {
        Dictionary<long, ulong> lengths = [];
        for (long data = 1; data < 40_000; data++)
        {
            long blocks = data + 1;
            for (long level = data; level > 1; blocks += level)
            {
                level = (level + 127) / 128;
            }

            lengths.Add(blocks * 4096, (ulong)data);
        }

        for (long blocks = 0; blocks < 40_000; blocks++)
        {
            Assert.Equal(lengths.TryGetValue(blocks * 4096, out ulong data) ? data : null, VeritySuperblock.DataBlocksOf(blocks * 4096));
        }

        Assert.Null(VeritySuperblock.DataBlocksOf(-4096));
        Assert.Null(VeritySuperblock.DataBlocksOf(4097));
        _ = VeritySuperblock.DataBlocksOf(long.MaxValue / 4096 * 4096);
    }

    /// <summary>Documentation/admin-guide/device-mapper/dm-crypt.rst and verity.rst of Linux.</summary>
    [Fact]
    public void The_tables_are_as_the_kernel_documents_them()
    {
        byte[] buffer = new byte[512];
        VolumeOpener.WriteCryptParameters(buffer, [.. Enumerable.Range(0, 64).Select(i => (byte)i)], "259:1", out int length);
        Assert.Equal(
            "aes-xts-plain64 " + Convert.ToHexStringLower([.. Enumerable.Range(0, 64).Select(i => (byte)i)]) + " 0 259:1 0 2 sector_size:4096 iv_large_sectors",
            Encoding.ASCII.GetString(buffer, 0, length));
        Assert.Equal(
            $"1 254:1 254:1 4096 4096 5 6 sha256 {RootHash} 0102", new VeritySuperblock(5, new byte[] { 1, 2 }).VolumeTableParameters("254:1", RootHash));
    }

    private static byte CodeOf(VolumeConfiguration volume, List<Partition> partitions, List<Guid> strays) =>
        Assert.Throws<StageException>(() => VolumePartitions.Find(volume, partitions, strays)).Code;

    /// <summary>Five blocks of data, a superblock, one block of digests.</summary>
    private static Partition Partition(Guid unique, string number) => new(new BlockDevice(number, "vdb1", 1), unique, 7 * 4096);
}
