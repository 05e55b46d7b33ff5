using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Formats.Tcg;

/// <summary>The first record of a crypto-agile log, TCG_EfiSpecIDEvent (PFP 10.4.5.1): which banks the other records carry.</summary>
public sealed class SpecIdEvent
{
    private const int MaximumAlgorithms = 16;

    private SpecIdEvent()
    {
    }

    /// <summary>The signature that starts the record's data, with its NUL.</summary>
    public static ReadOnlySpan<byte> Signature => "Spec ID Event03\0"u8;

    /// <summary>Platform class: 0 client, 1 server.</summary>
    public required uint PlatformClass { get; init; }

    /// <summary>Specification version as major, minor, errata.</summary>
    public required Version SpecificationVersion { get; init; }

    /// <summary>Size of the firmware's UINTN: 1 for 32 bits, 2 for 64 bits.</summary>
    public required byte UintnSize { get; init; }

    /// <summary>The banks and their digest sizes in bytes, in the log's order.</summary>
    public required IReadOnlyList<(TpmAlgorithm Algorithm, int DigestSize)> Algorithms { get; init; }

    internal static SpecIdEvent Read(ReadOnlySpan<byte> data, long origin)
    {
        SpanReader reader = new(data, EventLog.Format, origin);
        reader.Skip(Signature.Length);
        uint platformClass = reader.ReadUInt32LittleEndian();
        byte minor = reader.ReadByte();
        byte major = reader.ReadByte();
        byte errata = reader.ReadByte();
        byte uintnSize = reader.ReadByte();
        uint count = reader.ReadUInt32LittleEndian();
        if (count is 0 or > MaximumAlgorithms)
        {
            throw reader.Malformed($"{count} algorithms, expected 1 to {MaximumAlgorithms}");
        }

        List<(TpmAlgorithm Algorithm, int DigestSize)> algorithms = [];
        for (uint i = 0; i < count; i++)
        {
            TpmAlgorithm algorithm = (TpmAlgorithm)reader.ReadUInt16LittleEndian();
            int size = reader.ReadUInt16LittleEndian();
            int knownSize = algorithm.DigestSize();
            if (size is 0 or > TpmHash.MaximumDigestSize || (knownSize != 0 && knownSize != size))
            {
                throw reader.Malformed($"{algorithm.Name()} digests of {size} bytes");
            }

            if (algorithms.Any(x => x.Algorithm == algorithm))
            {
                throw reader.Malformed($"algorithm {algorithm.Name()} is listed twice");
            }

            algorithms.Add((algorithm, size));
        }

        reader.Skip(reader.ReadByte());
        if (reader.Remaining != 0)
        {
            throw reader.Malformed($"{reader.Remaining} bytes after the vendor information");
        }

        return new()
        {
            PlatformClass = platformClass,
            SpecificationVersion = new(major, minor, errata),
            UintnSize = uintnSize,
            Algorithms = algorithms,
        };
    }
}
