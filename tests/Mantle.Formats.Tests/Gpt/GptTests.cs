using System.Buffers.Binary;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tests.Cpio;

namespace Mantle.Formats.Tests.Gpt;

public class GptTests
{
    private const int Sector = 512;

    [Fact]
    public void The_checksum_is_the_one_of_the_published_check_value() =>
        Assert.Equal(0xCBF43926, Crc32.Of("123456789"u8));

    [Fact]
    public void Partitions_are_aligned_and_the_disk_ends_aligned_behind_its_backup()
    {
        ByteSource disk = GptWriter.Layout(Sample());
        GptTable table = GptReader.Read(disk);

        Assert.Equal(4 << 20, disk.Length);
        Assert.Equal([(1 << 20, 1536L), (2 << 20, 1L << 20)], table.Partitions.Select(p => ((int)p.Offset, p.Length)));
        Assert.Equal(table.SectorCount - 1, table.BackupLba);
        Assert.Equal(table.SectorCount - 34, table.LastUsableLba);
        Assert.Equal(34, table.FirstUsableLba);
        Assert.Empty(table.Deviations);
        Assert.Equal("esp content", System.Text.Encoding.ASCII.GetString(table.Partitions[0].Content.Slice(0, 11).ToArray()));
        Assert.True(table.Partitions[1].Content.ToArray().AsSpan(1000).IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public void Any_partitions_survive_writing_and_reading()
    {
        Gen<Guid> id = Gen.Guid.Where(g => g != Guid.Empty);
        Gen<GptNewPartition> partition = Gen.Select(id, id, Gen.Char['\u0001', '\uffff'].Array[0, 36], Gen.ULong, Gen.Int[0, 3000], Gen.Byte.Array[1, 255])
            .Select((type, own, name, attributes, size, content) => new GptNewPartition
            {
                TypeId = type,
                Id = own,
                Name = new(name),
                Attributes = attributes,
                Content = ByteSource.FromMemory(content),
                SizeBytes = size < 256 ? 0 : size,
            });
        Gen.Select(id, partition.Array[0, 128], Gen.Int[1, 9]).Where((disk, all, _) => all.Select(p => p.Id).Append(disk).Distinct().Count() == all.Length + 1).Sample(
            (disk, all, alignment) =>
            {
                GptTable table = GptReader.Read(GptWriter.Layout(new() { DiskId = disk, Partitions = all, AlignmentBytes = alignment * Sector }));
                Assert.Equal(disk, table.DiskId);
                Assert.Equal(
                    all.Select(p => (p.TypeId, p.Id, p.Name, p.Attributes)),
                    table.Partitions.Select(p => (p.TypeId, p.Id, p.Name, p.Attributes)));
                foreach ((GptNewPartition written, GptPartition read) in all.Zip(table.Partitions))
                {
                    byte[] content = read.Content.ToArray();
                    int length = (int)written.Content.Length;
                    Assert.Equal(written.Content.ToArray(), content[..length]);
                    Assert.DoesNotContain(content[length..], b => b != 0);
                    Assert.Equal(((Math.Max(written.SizeBytes, length) + Sector - 1) / Sector * Sector), content.Length);
                    Assert.Equal(0, read.FirstLba % alignment);
                }
            },
            iter: 200);
    }

    [Fact]
    public void The_measured_data_is_header_count_and_used_entries()
    {
        ByteSource disk = GptWriter.Layout(Sample());
        byte[] data = GptReader.Read(disk).MeasuredData.ToArray();

        Assert.Equal(92 + 8 + (2 * 128), data.Length);
        Assert.Equal(disk.Slice(Sector, 92).ToArray(), data[..92]);
        Assert.Equal(2, BinaryPrimitives.ReadInt64LittleEndian(data.AsSpan(92)));
        Assert.Equal(disk.Slice(2 * Sector, 256).ToArray(), data[100..]);
    }

    [Fact]
    public void Root_hashes_name_their_partitions_as_systemd_repart_names_them()
    {
        // What systemd-repart 252 printed and wrote for a root partition with Verity=data and Verity=hash.
        byte[] hash = Convert.FromHexString("0004f359a95c5259a08e48c6080718b66b8cd13438b1b6a9fc467059c8494ec4");

        Assert.Equal(new Guid("0004f359-a95c-5259-a08e-48c6080718b6"), DiscoverablePartitions.DataPartitionId(hash));
        Assert.Equal(new Guid("6b8cd134-38b1-b6a9-fc46-7059c8494ec4"), DiscoverablePartitions.VerityPartitionId(hash));
        Assert.Throws<ArgumentException>(() => DiscoverablePartitions.DataPartitionId(hash.AsSpan(1)));
    }

    [Fact]
    public void A_deviation_is_refused_and_can_be_allowed_by_its_name()
    {
        Deviates(GptDeviations.ProtectiveMbr, disk => disk[510] = 0);
        Deviates(GptDeviations.ProtectiveMbr, disk => disk[446 + 16 + 4] = 0x83);
        Deviates(GptDeviations.ProtectiveMbr, disk => disk[446 + 12] ^= 1);
        Deviates(GptDeviations.BootCode, disk => disk[3] = 1);
        Deviates(GptDeviations.DamagedPrimary, disk => disk[Sector + 56] ^= 1);
        Deviates(GptDeviations.DamagedPrimary, disk => disk[2 * Sector] ^= 1);
        Deviates(GptDeviations.MissingBackup, disk => disk.AsSpan(disk.Length - Sector).Clear());
        Deviates(GptDeviations.MissingBackup, disk => disk[^(33 * Sector)] ^= 1);
        Deviates(GptDeviations.DifferentBackup, disk =>
        {
            disk[^(Sector - 56)] ^= 1;
            Reseal(disk, disk.Length - Sector);
        });
        Deviates(GptDeviations.Slack, disk => disk[Sector + 92] = 1);
        Deviates(GptDeviations.Slack, disk => disk[^1] = 1);
    }

    [Fact]
    public void Deviations_of_the_entries_are_refused_and_can_be_allowed_by_name()
    {
        Deviates(GptDeviations.Bounds, disk => Edit(disk, entries => entries[33] = 0));
        Deviates(GptDeviations.Bounds, disk => Edit(disk, entries => entries[128 + 42] = 1));
        Deviates(GptDeviations.Overlap, disk => Edit(disk, entries => entries.AsSpan(32, 8).CopyTo(entries.AsSpan(128 + 32))));
        Deviates(GptDeviations.DuplicateId, disk => Edit(disk, entries => entries.AsSpan(16, 16).CopyTo(entries.AsSpan(128 + 16))));
        Deviates(GptDeviations.Slack, disk => Edit(disk, entries => entries[(2 * 128) + 20] = 1));
        Deviates(GptDeviations.Slack, disk => Edit(disk, entries => entries[127] = 1));
    }

    [Fact]
    public void A_partition_that_ends_before_it_starts_is_always_refused()
    {
        byte[] disk = GptWriter.Layout(Sample()).ToArray();
        Edit(disk, entries => entries[40] = 0, entries => entries[41] = 0);

        Assert.Throws<MalformedInputException>(() => GptReader.Read(ByteSource.FromMemory(disk), new() { Allow = GptDeviations.All }));
    }

    [Fact]
    public void A_disk_that_has_grown_keeps_what_is_measured()
    {
        ByteSource disk = GptWriter.Layout(Sample());
        ByteSource grown = ByteSource.Compose(disk.Length * 2, [new(0, disk)]);

        Assert.Throws<MalformedInputException>(() => GptReader.Read(grown));
        GptTable table = GptReader.Read(grown, new() { Allow = GptDeviations.BackupNotAtEnd | GptDeviations.ProtectiveMbr });
        Assert.Equal([GptDeviations.ProtectiveMbr, GptDeviations.BackupNotAtEnd], table.Deviations.Select(d => d.Kind));
        Assert.Equal(GptReader.Read(disk).MeasuredData.ToArray(), table.MeasuredData.ToArray());
    }

    [Fact]
    public void The_start_of_a_disk_is_readable_where_the_missing_rest_is_allowed()
    {
        ByteSource start = GptWriter.Layout(Sample()).Slice(0, 1 << 20);
        GptTable table = GptReader.Read(start, new() { Allow = GptDeviations.All });

        Assert.Equal(2, table.Partitions.Count);
        Assert.Equal(0, table.Partitions[0].Content.Length);
        Assert.Contains(GptDeviations.MissingBackup, table.Deviations.Select(d => d.Kind));
        Assert.Contains(GptDeviations.Bounds, table.Deviations.Select(d => d.Kind));
    }

    [Fact]
    public void A_disk_that_cannot_be_laid_out_is_refused()
    {
        GptNewPartition good = Sample().Partitions[0];
        Refused("too long", "has a name of 37", New(name: new string('n', 37)));
        Refused("type", "has no type", New(type: Guid.Empty));
        Refused("id", "has no identifier", New(id: Guid.Empty));
        Refused("twice", "repeats the identifier", good, good);
        Refused("empty", "is empty", New(content: ""));
        Refused("full", "has 3 bytes, and its content 4", New(content: "1234", size: 3));
        Refused("many", "129 partitions", [.. Enumerable.Range(1, 129).Select(i => New(id: new Guid(i, 0, 0, new byte[8])))]);
        Assert.Throws<ArgumentException>(() => GptWriter.Layout(new() { DiskId = good.TypeId, Partitions = [], AlignmentBytes = 1000 }));
        Assert.Throws<ArgumentException>(() => GptWriter.Layout(new() { DiskId = Guid.Empty, Partitions = [] }));
    }

    [Fact]
    public void Mangled_disks_are_read_or_refused()
    {
        byte[] disk = GptWriter.Layout(Sample(alignment: Sector)).ToArray();
        int[] interesting = [.. Enumerable.Range(440, Sector + 92 - 440), .. Enumerable.Range(2 * Sector, 3 * 128), .. Enumerable.Range(disk.Length - Sector, 92)];
        Mangling.Survive(disk, source => GptReader.Read(source), interesting);
        Mangling.Survive(disk, source => GptPrinter.Print(TextWriter.Null, GptReader.Read(source, new() { Allow = GptDeviations.All })), interesting);
        Gen.Select(Gen.OneOf(Gen.Int[24, 91], Gen.Int[92 + 8, 92 + 8 + 300]), Gen.Byte).Array[1, 6].Sample(changes =>
        {
            // Behind valid checksums, where noise never gets.
            byte[] bytes = [.. disk];
            foreach ((int at, byte value) in changes)
            {
                bytes[at < 92 ? Sector + at : (2 * Sector) + at - 100] = value;
            }

            Reseal(bytes, Sector);
            try
            {
                GptPrinter.Print(TextWriter.Null, GptReader.Read(ByteSource.FromMemory(bytes), new() { Allow = GptDeviations.All }));
            }
            catch (MalformedInputException)
            {
            }
        });
    }

    [Fact]
    public void The_printer_shows_disk_partitions_and_deviations()
    {
        byte[] disk = GptWriter.Layout(Sample()).ToArray();
        disk[0] = 1;
        StringWriter output = new();
        GptPrinter.Print(output, GptReader.Read(ByteSource.FromMemory(disk), new() { Allow = GptDeviations.BootCode }));

        Assert.Equal(
            """
            gpt disk 00112233-4455-6677-8899-aabbccddeeff
              sectors     8192 of 512 bytes, usable 34 to 8158
              backup      at 8191
              entries     128 of 128 bytes, 2 used
            partition 1 "esp"
              type        c12a7328-f81f-11d2-ba4b-00a0c93ec93b (esp)
              id          11111111-2222-3333-4444-555555555555
              sectors     2048 to 2050 (1536 bytes)
              attributes  0x0000000000000000
            partition 2 "root \u001b"
              type        4f68bce3-e8cd-4db1-96e7-fbcaf984b709 (root-x86-64)
              id          66666666-7777-8888-9999-aaaaaaaaaaaa
              sectors     4096 to 6143 (1048576 bytes)
              attributes  0x1000000000000000
            deviation BootCode: the MBR has boot code at offset 0x0

            """,
            output.ToString());
    }

    internal static GptOptions Sample(long alignment = 1 << 20, string rootName = "root \u001b") => new()
    {
        DiskId = new("00112233-4455-6677-8899-aabbccddeeff"),
        AlignmentBytes = alignment,
        Partitions =
        [
            New(),
            new()
            {
                TypeId = DiscoverablePartitions.RootX64,
                Id = new("66666666-7777-8888-9999-aaaaaaaaaaaa"),
                Name = rootName,
                Attributes = DiscoverablePartitions.ReadOnly,
                Content = ByteSource.FromMemory(Enumerable.Repeat((byte)7, 1000).ToArray()),
                SizeBytes = Math.Max(alignment, 1024),
            },
        ],
    };

    private static GptNewPartition New(string name = "esp", Guid? type = null, Guid? id = null, string content = "esp content", long? size = null) => new()
    {
        TypeId = type ?? DiscoverablePartitions.EfiSystem,
        Id = id ?? new("11111111-2222-3333-4444-555555555555"),
        Name = name,
        Content = TreeText.Bytes(content),
        SizeBytes = size ?? (content.Length == 0 ? 0 : 1500),
    };

    private static void Refused(string what, string problem, params GptNewPartition[] partitions)
    {
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => GptWriter.Layout(new() { DiskId = new("00112233-4455-6677-8899-aabbccddeeff"), Partitions = partitions }));
        Assert.True(refusal.Message.Contains(problem, StringComparison.Ordinal), $"{what}: {refusal.Message}");
    }

    private static void Deviates(GptDeviations expected, Action<byte[]> damage)
    {
        byte[] disk = GptWriter.Layout(Sample()).ToArray();
        damage(disk);

        Assert.Throws<MalformedInputException>(() => GptReader.Read(ByteSource.FromMemory(disk)));
        Assert.Throws<MalformedInputException>(() => GptReader.Read(ByteSource.FromMemory(disk), new() { Allow = GptDeviations.All & ~expected }));
        GptTable table = GptReader.Read(ByteSource.FromMemory(disk), new() { Allow = expected });
        Assert.Equal(expected, table.Deviations.Aggregate(GptDeviations.None, (all, finding) => all | finding.Kind));
        Assert.Equal(expected == GptDeviations.DamagedPrimary, table.MeasuredData.IsEmpty);
        Assert.Equal(2, table.Partitions.Count);
    }

    /// <summary>Changes the entries of both copies and makes all checksums right again.</summary>
    private static void Edit(byte[] disk, params Action<byte[]>[] changes)
    {
        byte[] entries = disk[(2 * Sector)..(34 * Sector)];
        foreach (Action<byte[]> change in changes)
        {
            change(entries);
        }

        entries.CopyTo(disk, 2 * Sector);
        entries.CopyTo(disk, disk.Length - (33 * Sector));
        Reseal(disk, Sector);
        Reseal(disk, disk.Length - Sector);
    }

    private static void Reseal(byte[] disk, int header)
    {
        int entries = header == Sector ? 2 * Sector : disk.Length - (33 * Sector);
        Span<byte> bytes = disk.AsSpan(header, 92);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[88..], Crc32.Of(disk.AsSpan(entries, 32 * Sector)));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], Crc32.Of(bytes));
    }
}
