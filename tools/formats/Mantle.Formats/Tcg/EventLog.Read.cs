using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Formats.Tcg;

/// <summary>Reading.</summary>
public sealed partial class EventLog
{
    /// <summary>Largest log that is read, in bytes. Firmware reserves 64 KiB; the records are kept in memory.</summary>
    public const int MaximumLength = 16 << 20;

    private static readonly (TpmAlgorithm Algorithm, int DigestSize)[] s_sha1Only = [(TpmAlgorithm.Sha1, 20)];

    /// <summary>Reads a log that fills the source, as <c>binary_bios_measurements</c> does.</summary>
    /// <exception cref="MalformedInputException">The bytes are no such log, or it is larger than <see cref="MaximumLength"/>.</exception>
    public static EventLog Read(ByteSource source) =>
        source.Length <= MaximumLength
            ? Read(source.ToArray())
            : throw new MalformedInputException(Format, MaximumLength, $"{source.Length} bytes are more than the largest log, {MaximumLength} bytes");

    /// <summary>Reads a log that fills <paramref name="bytes"/>, which are not copied.</summary>
    /// <exception cref="MalformedInputException">The bytes are no such log.</exception>
    public static EventLog Read(ReadOnlyMemory<byte> bytes) => Read(bytes, isArea: false);

    /// <summary>
    /// Reads a log out of the memory area that firmware reserved for it: the log ends where the area does, or where the erased rest begins,
    /// which is a record header of zeros or of ones.
    /// </summary>
    /// <exception cref="MalformedInputException">The bytes are no such log.</exception>
    public static EventLog ReadArea(ReadOnlyMemory<byte> area) => Read(area, isArea: true);

    /// <summary>
    /// Reads as many records as are sound, from a log that may be cut off, padded or damaged behind its first record. <see cref="Length"/> says
    /// how far they reach.
    /// </summary>
    /// <param name="bytes">The log, which is not copied.</param>
    /// <param name="end">Why reading ended before the end of the bytes or their erased rest; null if it did not.</param>
    /// <exception cref="MalformedInputException">Not even the first record can be read.</exception>
    public static EventLog ReadPrefix(ReadOnlyMemory<byte> bytes, out MalformedInputException? end)
    {
        end = null;
        return Read(bytes, isArea: true, isPrefix: true, ref end);
    }

    private static EventLog Read(ReadOnlyMemory<byte> bytes, bool isArea)
    {
        MalformedInputException? end = null;
        return Read(bytes, isArea, isPrefix: false, ref end);
    }

    private static EventLog Read(ReadOnlyMemory<byte> bytes, bool isArea, bool isPrefix, ref MalformedInputException? end)
    {
        SpanReader reader = new(bytes.Span, Format);
        EventRecord first = ReadRecord(ref reader, bytes, 0, s_sha1Only, isLegacy: true);
        SpecIdEvent? specId = null;
        if (first.UntrustedType == EventType.NoAction && first.UntrustedData.Span.StartsWith(SpecIdEvent.Signature))
        {
            specId = SpecIdEvent.Read(first.UntrustedData.Span, reader.Offset - first.UntrustedData.Length);
            if (first.Register != 0 || !first.Digests[0].IsZero)
            {
                throw new MalformedInputException(Format, 0, "the spec id record has a register or a digest");
            }
        }

        List<EventRecord> events = [first];
        IReadOnlyList<(TpmAlgorithm Algorithm, int DigestSize)> algorithms = specId?.Algorithms ?? s_sha1Only;
        int length = reader.Position;
        while (reader.Remaining > 0 && !(isArea && IsErased(bytes.Span[reader.Position..])))
        {
            try
            {
                events.Add(ReadRecord(ref reader, bytes, events.Count, algorithms, isLegacy: specId is null));
                length = reader.Position;
            }
            catch (MalformedInputException e) when (isPrefix)
            {
                end = e;
                break;
            }
        }

        return new(specId, [.. algorithms.Select(x => x.Algorithm)], events, length);
    }

    private static bool IsErased(ReadOnlySpan<byte> rest)
    {
        ReadOnlySpan<byte> header = rest[..Math.Min(rest.Length, 8)];
        return !header.ContainsAnyExcept((byte)0) || !header.ContainsAnyExcept((byte)0xff);
    }

    private static EventRecord ReadRecord(
        ref SpanReader reader,
        ReadOnlyMemory<byte> bytes,
        int index,
        IReadOnlyList<(TpmAlgorithm Algorithm, int DigestSize)> algorithms,
        bool isLegacy)
    {
        long offset = reader.Offset;
        uint register = reader.ReadUInt32LittleEndian();
        EventType type = (EventType)reader.ReadUInt32LittleEndian();
        if (register >= PcrValues.RegisterCount && !(type == EventType.NoAction && register == uint.MaxValue))
        {
            throw new MalformedInputException(Format, offset, $"register {register} of 0 to {PcrValues.RegisterCount - 1}");
        }

        TpmDigest[] digests = isLegacy
            ? [new(TpmAlgorithm.Sha1, reader.ReadBytes(20))]
            : ReadDigests(ref reader, algorithms);
        uint size = reader.ReadUInt32LittleEndian();
        if (size > reader.Remaining)
        {
            throw reader.Malformed($"event data of {size} bytes but {reader.Remaining} are left");
        }

        ReadOnlyMemory<byte> data = bytes.Slice(reader.Position, (int)size);
        reader.Skip((int)size);
        return new(index, offset, register, type, digests, data);
    }

    /// <summary>One digest for each bank of the Spec ID record, none twice; a record that leaves a bank out could hide an extend.</summary>
    private static TpmDigest[] ReadDigests(ref SpanReader reader, IReadOnlyList<(TpmAlgorithm Algorithm, int DigestSize)> algorithms)
    {
        uint count = reader.ReadUInt32LittleEndian();
        if (count != algorithms.Count)
        {
            throw reader.Malformed($"{count} digests but {algorithms.Count} banks");
        }

        TpmDigest[] digests = new TpmDigest[count];
        for (int i = 0; i < digests.Length; i++)
        {
            TpmAlgorithm algorithm = (TpmAlgorithm)reader.ReadUInt16LittleEndian();
            int size = 0;
            foreach ((TpmAlgorithm listed, int listedSize) in algorithms)
            {
                size = listed == algorithm ? listedSize : size;
            }

            for (int earlier = 0; earlier < i; earlier++)
            {
                size = digests[earlier].Algorithm == algorithm ? 0 : size;
            }

            digests[i] = size != 0
                ? new(algorithm, reader.ReadBytes(size))
                : throw reader.Malformed($"algorithm {algorithm.Name()} is not a bank of this log or comes twice");
        }

        return digests;
    }
}
