using Mantle.Init.Verity;
using Mantle.Testing;

namespace Mantle.Init.Tests.Verity;

public sealed class PartitionTests
{
    private static readonly Guid s_unique = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    [Fact]
    public void What_sgdisk_writes_is_read()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["disk"], new byte[8 << 20]);
        Oracle.Succeed("sgdisk", "-n", "1:1M:+2M", "-u", $"1:{s_unique}", "-n", "3:4M:+1M", folder["disk"]);
        List<GuidPartitionEntry> entries = Read(File.ReadAllBytes(folder["disk"]));
        Assert.Equal([1, 3], entries.Select(entry => entry.Number));
        Assert.Equal(new GuidPartitionEntry(1, s_unique, 2048, 4096), entries[0]);

        BlockDevice device = new("259:1", "nvme0n1p1", 1);
        Assert.Equal(s_unique, Partition.Join(device, 1 << 20, 2 << 20, entries, 512)?.Unique);
        Assert.Null(Partition.Join(device, 1 << 20, (2 << 20) + 512, entries, 512));
        Assert.Null(Partition.Join(device with { PartitionNumber = 2 }, 1 << 20, 2 << 20, entries, 512));
        Hostile.Attack(File.ReadAllBytes(folder["disk"])[..3072], bytes => Read(bytes));
    }

    [Theory]
    [InlineData("gpt/gpt-valid.img")]
    public void A_foreign_image_is_read(string vector) => Assert.NotEmpty(Read(File.ReadAllBytes(Repository.SharedVector(vector))));

    [Fact]
    public void Exactly_one_partition_may_have_the_uuid()
    {
        Partition first = new(new BlockDevice("259:1", "nvme0n1p1", 1), s_unique, 4096);
        Partition other = new(new BlockDevice("259:2", "nvme0n1p2", 2), Guid.Empty, 4096);
        Assert.Same(first, Partition.Single([other, first], s_unique));
        Assert.Null(Partition.Single([other], s_unique));
        Assert.Throws<InvalidDataException>(() => Partition.Single([first, other, first with { Length = 1 }], s_unique));
    }

    [Fact]
    public void A_uevent_is_read()
    {
        Assert.Equal(
            new BlockDevice("259:2", "nvme0n1p2", 2),
            BlockDevice.FromUevent("MAJOR=259\nMINOR=2\nDEVNAME=nvme0n1p2\nDEVTYPE=partition\nDISKSEQ=1\nPARTN=2\n"));
        Assert.Equal(new BlockDevice("259:0", "nvme0n1", 0), BlockDevice.FromUevent("MAJOR=259\nMINOR=0\nDEVNAME=nvme0n1\nDEVTYPE=disk\n"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("MAJOR=259\nMINOR=2\nDEVTYPE=disk\n")]
    [InlineData("MAJOR=259\nMINOR=2\nDEVNAME=../vda\nDEVTYPE=disk\n")]
    [InlineData("MAJOR=259\nMINOR=2\nDEVNAME=vda1\nDEVTYPE=partition\n")]
    [InlineData("MAJOR=259\nMINOR=-2\nDEVNAME=vda\nDEVTYPE=disk\n")]
    [InlineData("MAJOR=259\nMINOR=2\nDEVNAME=vda1\nDEVTYPE=partition\nPARTN=0\n")]
    [InlineData("MAJOR\nMINOR\nDEVNAME\n")]
    public void A_uevent_of_something_else_is_not(string text) => Assert.Null(BlockDevice.FromUevent(text));

    private static List<GuidPartitionEntry> Read(byte[] disk)
    {
        GuidPartitionTable table = GuidPartitionTable.ReadHeader(disk.AsSpan(Math.Min(512, disk.Length)));
        long start = Math.Min((long)table.EntriesBlock * 512, disk.Length);
        return table.ReadEntries(disk.AsSpan((int)start, (int)Math.Min(table.EntriesLength, disk.Length - start)));
    }
}
