using System.Buffers.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Cpio;

/// <summary>
/// Reads "newc" archives (magic 070701, and 070702 with its checksums verified), one or several with zeros between them, as Linux unpacks
/// an initrd. What Linux would skip without a word (a name that is too long, an unknown kind of file, data on a directory) is refused.
/// </summary>
public static partial class CpioReader
{
    private const int ReadAhead = 512;

    /// <summary>
    /// Every member of every archive in order, trailers left out; the same name may come twice. Read on demand.
    /// </summary>
    /// <exception cref="MalformedInputException">While enumerating: the input is no sequence of archives with zeros between, up to its end.</exception>
    public static IEnumerable<CpioEntry> Entries(ByteSource source) => Entries(source, new Extent());

    /// <summary>
    /// Length in bytes of the archives at the start of the input and the zeros behind them. An initrd often goes on with a compressed archive there.
    /// </summary>
    /// <exception cref="MalformedInputException">There is no whole archive at the start.</exception>
    public static long MeasureArchives(ByteSource source)
    {
        Extent extent = new() { StopAtOther = true };
        foreach (CpioEntry _ in Entries(source, extent))
        {
        }

        return extent.End;
    }

    /// <summary>Length in bytes of the one archive at the start of the input, its trailer included.</summary>
    internal static long MeasureArchive(ByteSource source)
    {
        Extent extent = new() { StopAtTrailer = true };
        foreach (CpioEntry _ in Entries(source, extent))
        {
        }

        return extent.End;
    }

    private static IEnumerable<CpioEntry> Entries(ByteSource source, Extent extent)
    {
        long offset = 0;
        int archive = 0;
        while (true)
        {
            offset = SkipZeros(source, offset);
            extent.End = offset;
            if (offset == source.Length && archive > 0)
            {
                yield break;
            }

            if (!StartsArchive(source, offset))
            {
                if (extent.StopAtOther && archive > 0)
                {
                    yield break;
                }

                throw new MalformedInputException(CpioFormat.Name, offset, "no archive starts here");
            }

            while (ReadMember(source, archive, ref offset) is { } entry)
            {
                yield return entry;
            }

            archive++;
            if (extent.StopAtTrailer)
            {
                extent.End = offset;
                yield break;
            }
        }
    }

    private static bool StartsArchive(ByteSource source, long offset)
    {
        Span<byte> magic = stackalloc byte[CpioFormat.MagicLength];
        if (offset % CpioFormat.Alignment != 0 || source.Length - offset < magic.Length)
        {
            return false;
        }

        source.ReadExactly(offset, magic);
        return magic.SequenceEqual(CpioFormat.Magic) || magic.SequenceEqual(CpioFormat.ChecksumMagic);
    }

    /// <summary>Reads the member at <paramref name="offset"/> and moves behind it. Null: it was the trailer.</summary>
    private static CpioEntry? ReadMember(ByteSource source, int archive, ref long offset)
    {
        long start = offset;
        byte[] head = source.ReadBytes(start, (int)Math.Min(ReadAhead, source.Length - start), CpioFormat.Name);
        SpanReader reader = new(head, CpioFormat.Name, start);
        ReadOnlySpan<byte> magic = reader.ReadBytes(CpioFormat.MagicLength);
        bool summed = magic.SequenceEqual(CpioFormat.ChecksumMagic);
        if (!summed && !magic.SequenceEqual(CpioFormat.Magic))
        {
            throw Malformed(start, "no member starts here, and the archive has not ended");
        }

        Span<uint> fields = stackalloc uint[CpioFormat.FieldCount];
        foreach (ref uint field in fields)
        {
            long fieldOffset = reader.Offset;
            ReadOnlySpan<byte> digits = reader.ReadBytes(CpioFormat.FieldLength);
            if (!Utf8Parser.TryParse(digits, out field, out int consumed, 'x') || consumed != digits.Length)
            {
                throw Malformed(fieldOffset, "a header field is not eight hexadecimal digits");
            }
        }

        uint size = fields[6];
        string name = ReadName(source, start + CpioFormat.HeaderLength, fields[11], head);
        long nameEnd = start + CpioFormat.HeaderLength + fields[11];
        long dataStart = CpioFormat.Align(nameEnd);
        long dataEnd = dataStart + size;
        offset = CpioFormat.Align(dataEnd);
        if (dataEnd > source.Length)
        {
            throw Malformed(start, $"\"{name}\" has {size} bytes but the input ends before");
        }

        RequireZeros(source, nameEnd, dataStart);
        if (name == CpioFormat.Trailer)
        {
            return size == 0 ? null : throw Malformed(start, "the trailer has data");
        }

        RequireZeros(source, dataEnd, offset);
        CpioEntry entry = new()
        {
            Name = name,
            Archive = archive,
            Offset = start,
            Inode = fields[0],
            Kind = (FileKind)(fields[1] >> 12),
            Permissions = (int)(fields[1] & 0xFFF),
            UserId = fields[2],
            GroupId = fields[3],
            LinkCount = fields[4],
            ModifiedSeconds = fields[5],
            DeviceMajor = fields[7],
            DeviceMinor = fields[8],
            RawDeviceMajor = fields[9],
            RawDeviceMinor = fields[10],
            Data = source.Slice(dataStart, size),
        };
        Verify(entry, summed, fields[12]);
        return entry;
    }

    private static void Verify(CpioEntry entry, bool summed, uint checksum)
    {
        if (!Enum.IsDefined(entry.Kind))
        {
            throw Malformed(entry.Offset, $"\"{entry.Name}\" has the unknown file kind {(int)entry.Kind}");
        }

        if (entry.Data.Length > 0 && entry.Kind is not (FileKind.Regular or FileKind.SymbolicLink))
        {
            throw Malformed(entry.Offset, $"\"{entry.Name}\" has data but is neither a file nor a symbolic link");
        }

        if (entry.Kind == FileKind.SymbolicLink && entry.Data.Length is 0 or >= CpioFormat.MaximumPathLength)
        {
            throw Malformed(entry.Offset, $"\"{entry.Name}\" has a link target of {entry.Data.Length} bytes");
        }

        if (entry.Kind == FileKind.SymbolicLink && entry.Data.ToArray().AsSpan().Contains((byte)0))
        {
            throw Malformed(entry.Offset, $"\"{entry.Name}\" has a link target with a NUL");
        }

        uint expected = summed && entry.Kind == FileKind.Regular ? Sum(entry.Data) : 0;
        if (checksum != expected)
        {
            throw Malformed(entry.Offset, $"\"{entry.Name}\" has checksum {checksum:x8} but its data has {expected:x8}");
        }
    }

    /// <summary>
    /// A name ends with its first NUL. More NULs may follow: microcode archives pad the name to move the data to a multiple of 16.
    /// </summary>
    private static string ReadName(ByteSource source, long offset, uint size, byte[] head)
    {
        if (size is < 2 or > CpioFormat.MaximumPathLength)
        {
            throw Malformed(offset, $"a name of {size} bytes");
        }

        ReadOnlySpan<byte> name = CpioFormat.HeaderLength + (int)size <= head.Length
            ? head.AsSpan(CpioFormat.HeaderLength, (int)size)
            : source.ReadBytes(offset, (int)size, CpioFormat.Name);
        int end = name.IndexOf((byte)0);
        if (end < 1 || name[end..].ContainsAnyExcept((byte)0))
        {
            throw Malformed(offset, "a name is empty, has no end or goes on behind its end");
        }

        return LinuxText.Decode(name[..end]);
    }

    private static void RequireZeros(ByteSource source, long start, long end)
    {
        if (start < end && source.ReadBytes(start, (int)(end - start), CpioFormat.Name).AsSpan().ContainsAnyExcept((byte)0))
        {
            throw Malformed(start, "padding is not zero");
        }
    }

    internal static long SkipZeros(ByteSource source, long offset)
    {
        byte[] buffer = new byte[(int)Math.Min(1 << 16, source.Length - offset)];
        while (offset < source.Length)
        {
            Span<byte> window = buffer.AsSpan(0, (int)Math.Min(buffer.Length, source.Length - offset));
            source.ReadExactly(offset, window);
            int other = window.IndexOfAnyExcept((byte)0);
            if (other >= 0)
            {
                return offset + other;
            }

            offset += window.Length;
        }

        return offset;
    }

    /// <summary>The checksum of 070702: the sum of all bytes, modulo 2^32.</summary>
    private static uint Sum(ByteSource data)
    {
        byte[] buffer = new byte[(int)Math.Min(1 << 16, data.Length)];
        ulong sum = 0;
        for (long offset = 0; offset < data.Length; offset += buffer.Length)
        {
            Span<byte> window = buffer.AsSpan(0, (int)Math.Min(buffer.Length, data.Length - offset));
            data.ReadExactly(offset, window);
            foreach (byte value in window)
            {
                sum += value;
            }
        }

        return unchecked((uint)sum);
    }

    private static MalformedInputException Malformed(long offset, string problem) => new(CpioFormat.Name, offset, problem);

    private sealed class Extent
    {
        public bool StopAtOther { get; init; }

        public bool StopAtTrailer { get; init; }

        public long End { get; set; }
    }
}
