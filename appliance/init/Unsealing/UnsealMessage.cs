using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Init.Unsealing;

/// <summary>What the unsealing program can say (docs/unsealing.md, "The channel").</summary>
internal enum UnsealMessageKind : byte
{
    /// <summary>A stage code.</summary>
    Stage = (byte)'S',

    /// <summary>A volume's key.</summary>
    Key = (byte)'K',

    /// <summary>A piece of a secret file.</summary>
    File = (byte)'F',

    /// <summary>Everything has been delivered, and the attestation socket listens.</summary>
    Done = (byte)'D',
}

/// <summary>One datagram of the unsealing program's.</summary>
internal readonly ref struct UnsealMessage
{
    /// <summary>Longest datagram, in bytes.</summary>
    internal const int MaximumLength = 64 * 1024;

    /// <summary>Length of a volume's key: two AES-256 keys.</summary>
    internal const int KeyLength = 64;

    private const string Format = "unseal message";

    internal UnsealMessageKind Kind { get; private init; }

    /// <summary>Of <see cref="UnsealMessageKind.Stage"/>.</summary>
    internal byte Code { get; private init; }

    /// <summary>Of a key and of a file.</summary>
    internal string Name { get; private init; }

    /// <summary>Whether the file is whole with this piece.</summary>
    internal bool IsLast { get; private init; }

    /// <summary>The key, or the piece. A slice of the datagram.</summary>
    internal ReadOnlySpan<byte> Content { get; private init; }

    /// <exception cref="MalformedInputException">It is no such message.</exception>
    internal static UnsealMessage Read(ReadOnlySpan<byte> datagram)
    {
        SpanReader reader = new(datagram, Format);
        UnsealMessage message = (UnsealMessageKind)reader.ReadByte() switch
        {
            UnsealMessageKind.Stage => new() { Kind = UnsealMessageKind.Stage, Name = "", Code = reader.ReadByte() },
            UnsealMessageKind.Key => new() { Kind = UnsealMessageKind.Key, Name = ReadName(ref reader), Content = reader.ReadBytes(KeyLength) },
            UnsealMessageKind.File => new()
            {
                Kind = UnsealMessageKind.File, Name = ReadName(ref reader), IsLast = ReadFlag(ref reader), Content = reader.ReadBytes(reader.Remaining),
            },
            UnsealMessageKind.Done => new() { Kind = UnsealMessageKind.Done, Name = "" },
            _ => throw new MalformedInputException(Format, 0, "kind is unknown"),
        };
        return reader.Remaining == 0 ? message : throw reader.Malformed("bytes follow the message");
    }

    /// <summary>The volume's sealed key for the program: <c>B</c>, length of the name, name, blob.</summary>
    internal static byte[] Blob(string name, ReadOnlySpan<byte> blob) => [(byte)'B', (byte)name.Length, .. Encoding.ASCII.GetBytes(name), .. blob];

    /// <summary>All blobs have been sent: unseal.</summary>
    internal static byte[] Go() => "G"u8.ToArray();

    /// <summary>The volumes are open already, by an earlier process: attest, and unseal nothing.</summary>
    internal static byte[] AttestOnly() => "A"u8.ToArray();

    private static string ReadName(ref SpanReader reader)
    {
        ReadOnlySpan<byte> name = reader.ReadBytes(reader.ReadByte());
        return !name.IsEmpty && Ascii.IsValid(name) ? Encoding.ASCII.GetString(name) : throw reader.Malformed("name is empty or not ASCII");
    }

    private static bool ReadFlag(ref SpanReader reader) => reader.ReadByte() switch
    {
        0 => false,
        1 => true,
        _ => throw reader.Malformed("flag is neither 0 nor 1"),
    };
}
