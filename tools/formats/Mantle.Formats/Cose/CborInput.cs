using System.Formats.Cbor;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Cose;

/// <summary>
/// Reads CBOR (RFC 8949) item by item, strictly: every head in its shortest form, strings in one piece, text in valid UTF-8. Maps and arrays may be
/// of indefinite length, for AWS's documents are. Only <see cref="MalformedInputException"/> leaves it.
/// </summary>
/// <param name="bytes">What to read; may be longer than the first item.</param>
/// <param name="format">Short name of the format, for messages.</param>
/// <param name="origin">Offset of the bytes within the whole input, for messages.</param>
internal sealed class CborInput(ReadOnlyMemory<byte> bytes, string format, long origin = 0)
{
    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly CborReader _reader = new(bytes, CborConformanceMode.Lax, allowMultipleRootLevelValues: true);

    /// <summary>Bytes read so far.</summary>
    public int Position => bytes.Length - _reader.BytesRemaining;

    /// <summary>Bytes not yet read.</summary>
    public int Remaining => _reader.BytesRemaining;

    /// <summary>The exception for a problem at the current position.</summary>
    public MalformedInputException Malformed(string problem) => new(format, origin + Position, problem);

    /// <summary>Whether a tag comes next.</summary>
    public bool IsTag => Peek() == CborReaderState.Tag;

    /// <summary>Whether null comes next.</summary>
    public bool IsNull => Peek() == CborReaderState.Null;

    /// <summary>A tag's number.</summary>
    public ulong ReadTag() => Minimal("tag", () => (ulong)_reader.ReadTag());

    /// <summary>null.</summary>
    public void ReadNull() => Read("null", () =>
    {
        _reader.ReadNull();
        return 0;
    });

    /// <summary>A number that is not negative.</summary>
    public ulong ReadUnsigned(string what)
    {
        Expect(what, "an unsigned number", CborReaderState.UnsignedInteger);
        return Minimal(what, _reader.ReadUInt64);
    }

    /// <summary>A number of 32 bits.</summary>
    public int ReadInteger(string what)
    {
        Expect(what, "a number", CborReaderState.UnsignedInteger, CborReaderState.NegativeInteger);
        int start = Position;
        int value = Read(what, _reader.ReadInt32);
        CheckHead(what, Position - start, value < 0 ? (ulong)~value : (ulong)value);
        return value;
    }

    /// <summary>A text of at most so many bytes.</summary>
    public string ReadText(string what, int maximumLength)
    {
        Expect(what, "a text in one piece", CborReaderState.TextString);
        int start = Position;
        ReadOnlyMemory<byte> text = Read(what, _reader.ReadDefiniteLengthTextStringBytes);
        CheckHead(what, Position - start - text.Length, (ulong)text.Length);
        if (text.Length > maximumLength)
        {
            throw Malformed($"{what} has {text.Length} bytes, more than {maximumLength}");
        }

        try
        {
            return s_strictUtf8.GetString(text.Span);
        }
        catch (DecoderFallbackException)
        {
            throw Malformed($"{what} is not UTF-8");
        }
    }

    /// <summary>A byte string whose length lies between the bounds, without a copy.</summary>
    public ReadOnlyMemory<byte> ReadBytes(string what, int minimumLength, int maximumLength)
    {
        Expect(what, "a byte string in one piece", CborReaderState.ByteString);
        int start = Position;
        ReadOnlyMemory<byte> value = Read(what, _reader.ReadDefiniteLengthByteString);
        CheckHead(what, Position - start - value.Length, (ulong)value.Length);
        return value.Length < minimumLength || value.Length > maximumLength
            ? throw Malformed($"{what} has {value.Length} bytes, not {minimumLength} to {maximumLength}")
            : value;
    }

    /// <summary>Reads an array's items one by one; an item more than allowed is refused before it is read.</summary>
    /// <returns>The number of items.</returns>
    public int ReadArray(string what, int maximumCount, Action<int> readItem)
    {
        Expect(what, "an array", CborReaderState.StartArray);
        Start(what, _reader.ReadStartArray);
        int count = 0;
        while (Peek() != CborReaderState.EndArray)
        {
            CheckCount(what, count, maximumCount);
            readItem(count++);
        }

        Read(what, () =>
        {
            _reader.ReadEndArray();
            return 0;
        });
        return count;
    }

    /// <summary>Reads a map's entries one by one: the callback reads a key and its value.</summary>
    /// <returns>The number of entries.</returns>
    public int ReadMap(string what, int maximumCount, Action readEntry)
    {
        Expect(what, "a map", CborReaderState.StartMap);
        Start(what, _reader.ReadStartMap);
        int count = 0;
        while (Peek() != CborReaderState.EndMap)
        {
            CheckCount(what, count++, maximumCount);
            readEntry();
        }

        Read(what, () =>
        {
            _reader.ReadEndMap();
            return 0;
        });
        return count;
    }

    private void Start(string what, Func<int?> read)
    {
        int start = Position;
        int? length = Read(what, read);
        CheckHead(what, Position - start, (ulong)(length ?? 0));
    }

    private void CheckCount(string what, int count, int maximumCount)
    {
        if (count == maximumCount)
        {
            throw Malformed($"{what} has more than {maximumCount} items");
        }
    }

    private ulong Minimal(string what, Func<ulong> read)
    {
        int start = Position;
        ulong value = Read(what, read);
        CheckHead(what, Position - start, value);
        return value;
    }

    /// <summary>RFC 8949, 4.2.1: the head of an item is as short as its argument allows.</summary>
    private void CheckHead(string what, int length, ulong argument)
    {
        int shortest = argument switch
        {
            < 24 => 1,
            <= byte.MaxValue => 2,
            <= ushort.MaxValue => 3,
            <= uint.MaxValue => 5,
            _ => 9,
        };
        if (length != shortest)
        {
            throw Malformed($"the head of {what} takes {length} bytes where {shortest} are enough");
        }
    }

    private void Expect(string what, string kind, params ReadOnlySpan<CborReaderState> states)
    {
        CborReaderState state = Peek();
        if (!states.Contains(state))
        {
            throw Malformed(state == CborReaderState.Finished ? $"ends where {what} should be" : $"{what} is not {kind}");
        }
    }

    private CborReaderState Peek() => _reader.BytesRemaining == 0 && _reader.CurrentDepth == 0 ? CborReaderState.Finished : Read("an item", _reader.PeekState);

    private T Read<T>(string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            throw Malformed($"{what} is not well-formed CBOR");
        }
    }
}
