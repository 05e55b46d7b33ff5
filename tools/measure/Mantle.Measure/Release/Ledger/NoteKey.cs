using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Measure.Release.Documents;
using Mantle.Measure.Release.Dsse;

namespace Mantle.Measure.Release.Ledger;

/// <summary>
/// A key that signs notes (C2SP signed-note, "Signatures" and "Verifier keys"): Ed25519 with a name, as text <c>NAME+KEYID+BASE64</c>. The key id of four
/// bytes is the beginning of SHA-256 over name, newline, algorithm byte 1 and key.
/// </summary>
public sealed class NoteKey
{
    private const string Format = "note key";
    private const byte Ed25519Algorithm = 1;

    /// <summary>A key of a name.</summary>
    /// <exception cref="ArgumentException">The name is empty or has white space or a plus, or the key is not Ed25519.</exception>
    public NoteKey(string name, VerificationKey key)
    {
        if (!IsName(name) || key.Kind != KeyKind.Ed25519)
        {
            throw new ArgumentException("a note is signed by an Ed25519 key whose name has neither white space nor \"+\"", nameof(name));
        }

        Name = name;
        Key = key;
        Id = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', Ed25519Algorithm, .. key.Ed25519Bytes.Span]));
    }

    /// <summary>The name; a log's key has its origin as its name.</summary>
    public string Name { get; }

    /// <summary>The key.</summary>
    public VerificationKey Key { get; }

    /// <summary>The four bytes in front of each signature, big-endian.</summary>
    public uint Id { get; }

    /// <summary>Reads the text form.</summary>
    /// <exception cref="MalformedInputException">It is none, its key id is another key's, or the algorithm is not Ed25519.</exception>
    public static NoteKey Parse(string text)
    {
        string[] parts = text.Split('+', 3);
        if (parts.Length != 3 || !IsName(parts[0]) || !JsonMembers.IsHex(parts[1], 8) || !StrictBase64.TryDecode(parts[2], out byte[] bytes) || bytes.Length == 0)
        {
            throw new MalformedInputException(Format, 0, "not NAME+KEYID+BASE64");
        }

        if (bytes[0] != Ed25519Algorithm)
        {
            throw new MalformedInputException(Format, 0, $"algorithm {bytes[0]} is not Ed25519");
        }

        NoteKey key = new(parts[0], VerificationKey.FromEd25519(bytes.AsMemory(1)));
        return key.ToString() == text ? key : throw new MalformedInputException(Format, 0, $"the key id is {parts[1]}, the key's own is {key.Id:x8}");
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Name}+{Id:x8}+{Convert.ToBase64String([Ed25519Algorithm, .. Key.Ed25519Bytes.Span])}");

    internal static bool IsName(string name) => name.Length is > 0 and <= 256 && !name.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter) || letter == '+');
}
