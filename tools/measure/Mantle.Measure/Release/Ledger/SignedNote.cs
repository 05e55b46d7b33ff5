using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Measure.Release.Documents;
using Mantle.Measure.Release.Dsse;

namespace Mantle.Measure.Release.Ledger;

/// <summary>One signature line of a note.</summary>
/// <param name="Name">The key's name.</param>
/// <param name="KeyId">The key id that the line claims.</param>
/// <param name="Signature">The signature behind it.</param>
public sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Signature);

/// <summary>A text with the signatures of one or more keys (C2SP signed-note).</summary>
/// <param name="Text">The text with its final newline: what is signed.</param>
/// <param name="Signatures">The signatures in the order of their lines.</param>
public sealed record SignedNote(string Text, IReadOnlyList<NoteSignature> Signatures)
{
    internal const string Format = "signed note";

    internal const int MaximumSize = 1 << 16;
    private const int MaximumSignatures = 16;
    private const int KeyIdSize = 4;
    private const string Dash = "— ";

    /// <summary>Reads a note.</summary>
    /// <exception cref="MalformedInputException">It is none.</exception>
    public static SignedNote Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MaximumSize)
        {
            throw new MalformedInputException(Format, 0, $"{bytes.Length} bytes are more than such a note can have");
        }

        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            throw new MalformedInputException(Format, 0, "not UTF-8");
        }

        int control = text.AsSpan().IndexOfAnyInRange('\0', '\u0009');
        control = control >= 0 ? control : text.AsSpan().IndexOfAnyInRange('\u000b', '\u001f');
        if (control >= 0)
        {
            throw new MalformedInputException(Format, control, "a control character");
        }

        // The last empty line parts text and signatures.
        int split = text.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0 || !text.EndsWith('\n'))
        {
            throw new MalformedInputException(Format, 0, "no empty line before the signatures, or no newline at the end");
        }

        string[] lines = text[(split + 2)..].Split('\n');
        return lines.Length is > 1 and <= MaximumSignatures + 1
            ? new(text[..(split + 1)], [.. lines[..^1].Select(ReadLine)])
            : throw new MalformedInputException(Format, split, $"{lines.Length - 1} signatures; 1 to {MaximumSignatures} are read");
    }

    /// <summary>Whether the key has signed the text. A note that has several lines of this key must have only good ones.</summary>
    public bool IsSignedBy(NoteKey key)
    {
        NoteSignature[] own = [.. Signatures.Where(signature => signature.Name == key.Name && signature.KeyId == key.Id)];
        return own.Length > 0 && own.All(signature => key.Key.Verify(Encoding.UTF8.GetBytes(Text), signature.Signature.Span, SignatureScheme.Ed25519));
    }

    /// <summary>The note with a signature more.</summary>
    public SignedNote With(NoteKey key, ReadOnlyMemory<byte> signature) => this with { Signatures = [.. Signatures, new(key.Name, key.Id, signature)] };

    /// <summary>The note's bytes.</summary>
    public byte[] ToArray()
    {
        StringBuilder note = new(Text);
        note.Append('\n');
        Span<byte> keyId = stackalloc byte[KeyIdSize];
        foreach (NoteSignature signature in Signatures)
        {
            BinaryPrimitives.WriteUInt32BigEndian(keyId, signature.KeyId);
            note.Append(Dash).Append(signature.Name).Append(' ').Append(Convert.ToBase64String([.. keyId, .. signature.Signature.Span])).Append('\n');
        }

        return Encoding.UTF8.GetBytes(note.ToString());
    }

    private static NoteSignature ReadLine(string line)
    {
        string[] parts = line.StartsWith(Dash, StringComparison.Ordinal) ? line[Dash.Length..].Split(' ') : [];
        return parts is [string name, string base64] && NoteKey.IsName(name) && StrictBase64.TryDecode(base64, out byte[] bytes) && bytes.Length > KeyIdSize
            ? new(name, BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(KeyIdSize))
            : throw new MalformedInputException(Format, 0, "a line that is not an em dash, a name and a signature in base64");
    }
}
