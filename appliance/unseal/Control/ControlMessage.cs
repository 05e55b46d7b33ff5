using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Unseal.Control;

/// <summary>What process 1 says.</summary>
internal enum ControlMessageKind
{
    /// <summary>The sealed key of a volume.</summary>
    Blob = 'B',

    /// <summary>All sealed keys have been sent: unseal.</summary>
    Go = 'G',

    /// <summary>Everything was unsealed by an earlier process of this program: only attest.</summary>
    AttestOnly = 'A',
}

/// <summary>A message of process 1.</summary>
internal readonly record struct ControlMessage(ControlMessageKind Kind, string Name, ReadOnlyMemory<byte> Content)
{
    /// <summary>Longest message in bytes.</summary>
    public const int MaximumLength = 64 * 1024;

    private const string Format = "control message";

    /// <exception cref="MalformedInputException">It is no such message.</exception>
    public static ControlMessage Read(ReadOnlyMemory<byte> bytes)
    {
        SpanReader reader = new(bytes.Span, Format);
        ControlMessageKind kind = (ControlMessageKind)reader.ReadByte();
        switch (kind)
        {
            case ControlMessageKind.Blob:
                ReadOnlySpan<byte> name = reader.ReadBytes(reader.ReadByte());
                return name.IsEmpty || name.ContainsAnyExceptInRange((byte)0x21, (byte)0x7e)
                    ? throw reader.Malformed("the name is empty or not ASCII")
                    : new(kind, Encoding.ASCII.GetString(name), bytes[reader.Position..]);
            case ControlMessageKind.Go:
            case ControlMessageKind.AttestOnly:
                return reader.Remaining == 0 ? new(kind, "", default) : throw reader.Malformed("bytes follow the message");
            default:
                throw new MalformedInputException(Format, 0, "the kind is unknown");
        }
    }
}
