using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Mantle.Model;

/// <summary>
/// The weights file (docs/weights.md): header, merges, padding, tensors; little-endian throughout. No checksum: the volume that carries it is verified block by block.
/// </summary>
public static class ModelFile
{
    /// <summary>Longest name of a model, in bytes.</summary>
    public const int MaximumName = 32;

    /// <summary>Greatest length of a file in bytes: what a service with a heap of 96 MiB can hold.</summary>
    public const long MaximumLength = 64 << 20;

    private const uint Version = 1;
    private const int HeaderLength = 64;
    private const int NameOffset = 24;

    private static readonly SearchValues<byte> s_name = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-."u8);

    private static ReadOnlySpan<byte> Magic => "MANTLELM"u8;

    /// <summary>Reads a model to the stream's end.</summary>
    /// <param name="stream">Where it begins.</param>
    /// <param name="length">The stream's length in bytes, against which every size in it is checked first.</param>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static LanguageModel Read(Stream stream, long length)
    {
        if (length is < HeaderLength or > MaximumLength)
        {
            throw new InvalidDataException($"a model has {HeaderLength} to {MaximumLength} bytes, this {length}");
        }

        Span<byte> header = stackalloc byte[HeaderLength];
        Fill(stream, header);
        ModelShape shape = ReadShape(header);
        if (length != FileLength(shape))
        {
            throw new InvalidDataException($"a model of these sizes has {FileLength(shape)} bytes, this {length}");
        }

        string name = ReadName(header.Slice(NameOffset, MaximumName));
        Tokenizer tokenizer = ReadMerges(stream, shape);
        float[] values = new float[shape.Parameters];
        ReadValues(stream, values);
        return new(name, tokenizer, new(shape, values));
    }

    /// <summary>Writes a model.</summary>
    public static void Write(LanguageModel model, Stream stream)
    {
        ModelShape shape = model.Parameters.Shape;
        byte[] start = new byte[TensorOffset(shape)];
        Magic.CopyTo(start);
        WriteNumber(start, 8, Version);
        WriteNumber(start, 12, (uint)shape.Vocabulary);
        WriteNumber(start, 16, (uint)shape.Embedding);
        WriteNumber(start, 20, (uint)shape.Hidden);
        Encoding.ASCII.GetBytes(model.Name, start.AsSpan(NameOffset, MaximumName));
        int at = HeaderLength;
        foreach ((int left, int right) in model.Tokenizer.Merges)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(start.AsSpan(at), (ushort)left);
            BinaryPrimitives.WriteUInt16LittleEndian(start.AsSpan(at + 2), (ushort)right);
            at += 4;
        }

        stream.Write(start);
        byte[] buffer = new byte[4 * shape.Parameters];
        for (int i = 0; i < shape.Parameters; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(buffer.AsSpan(4 * i), model.Parameters.Values[i]);
        }

        stream.Write(buffer);
    }

    private static int TensorOffset(ModelShape shape) => (HeaderLength + (4 * shape.Merges) + HeaderLength - 1) / HeaderLength * HeaderLength;

    // Within 64 bits for all sizes that are let pass: the greatest is less than 2^26 numbers.
    private static long FileLength(ModelShape shape) => TensorOffset(shape) + (4L * shape.Parameters);

    private static ModelShape ReadShape(ReadOnlySpan<byte> header)
    {
        if (!header.StartsWith(Magic))
        {
            throw new InvalidDataException("no model: the magic is missing");
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(header[8..]) is not Version and uint version)
        {
            throw new InvalidDataException($"version {version} of the format is not known");
        }

        ModelShape shape = new(ReadSize(header[12..]), ReadSize(header[16..]), ReadSize(header[20..]));
        if (shape.Problem() is { } problem)
        {
            throw new InvalidDataException($"no model has {problem}");
        }

        return header[(NameOffset + MaximumName)..].ContainsAnyExcept((byte)0) ? throw new InvalidDataException("the header's rest is not zero") : shape;
    }

    private static int ReadSize(ReadOnlySpan<byte> bytes) => (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(bytes), int.MaxValue);

    private static string ReadName(ReadOnlySpan<byte> field)
    {
        int length = field.IndexOf((byte)0) is >= 0 and int end ? end : field.Length;
        return length == 0 || field[..length].ContainsAnyExcept(s_name) || field[length..].ContainsAnyExcept((byte)0)
            ? throw new InvalidDataException("the name is not lower-case letters, digits, dots and hyphens, filled up with zeros")
            : Encoding.ASCII.GetString(field[..length]);
    }

    private static Tokenizer ReadMerges(Stream stream, ModelShape shape)
    {
        byte[] bytes = new byte[TensorOffset(shape) - HeaderLength];
        Fill(stream, bytes);
        if (bytes.AsSpan(4 * shape.Merges).ContainsAnyExcept((byte)0))
        {
            throw new InvalidDataException("the padding is not zero");
        }

        (int Left, int Right)[] merges = new (int, int)[shape.Merges];
        for (int i = 0; i < merges.Length; i++)
        {
            merges[i] = (BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(4 * i)), BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan((4 * i) + 2)));
        }

        return new(merges);
    }

    private static void ReadValues(Stream stream, float[] values)
    {
        Fill(stream, MemoryMarshal.AsBytes(values.AsSpan()));
        for (int i = 0; i < values.Length; i++)
        {
            if (!BitConverter.IsLittleEndian)
            {
                values[i] = BitConverter.Int32BitsToSingle(BinaryPrimitives.ReverseEndianness(BitConverter.SingleToInt32Bits(values[i])));
            }

            // A sum of a thousand products of such numbers is still far from infinity.
            if (!(MathF.Abs(values[i]) <= 1e6f))
            {
                throw new InvalidDataException($"number {i} is not between minus and plus a million");
            }
        }
    }

    private static void WriteNumber(Span<byte> bytes, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[at..], value);

    private static void Fill(Stream stream, Span<byte> bytes)
    {
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) != bytes.Length)
        {
            throw new InvalidDataException("the model ends early");
        }
    }
}
