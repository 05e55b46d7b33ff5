using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Cpio;

/// <summary>
/// An initrd as Linux unpacks it (unpack_to_rootfs in init/initramfs.c): archives and compressed streams of archives one behind the other,
/// zeros between them, each unpacked over what those before it left. What comes out of a decompressor is held in memory up to 4 MB and in a
/// nameless file of <see cref="DecompressionOptions.SpoolFolder"/> beyond, since files may be read in any order and a stream goes forward only.
/// </summary>
public sealed class Initrd : IDisposable
{
    private const string Format = "initrd";
    private const int MaximumSegments = 256;

    private readonly List<UnpackedContent> _unpacked = [];

    private Initrd()
    {
    }

    /// <summary>The segments, in order.</summary>
    public IReadOnlyList<InitrdSegment> Segments { get; private set; } = [];

    /// <summary>The root file system after all of them are unpacked. Contents are there until this object is disposed of.</summary>
    public FileTree Tree { get; } = new();

    /// <summary>Decompresses and reads an initrd.</summary>
    /// <param name="source">Its bytes.</param>
    /// <param name="options">The limit holds for all segments together.</param>
    /// <exception cref="MalformedInputException">
    /// There is something that Linux would stop at, or would unpack otherwise than as its names say (<see cref="CpioReader.ReadTree(ByteSource)"/>);
    /// or more comes out than is accepted. <see cref="MalformedInputException.IsUnsupported"/>: a segment compressed by lzop.
    /// </exception>
    public static Initrd Read(ByteSource source, DecompressionOptions options)
    {
        Initrd initrd = new();
        try
        {
            initrd.ReadSegments(source, options);
            return initrd;
        }
        catch
        {
            initrd.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (UnpackedContent unpacked in _unpacked)
        {
            unpacked.Dispose();
        }

        _unpacked.Clear();
    }

    private void ReadSegments(ByteSource source, DecompressionOptions options)
    {
        List<InitrdSegment> segments = [];
        long left = options.MaximumLength;
        for (long offset = 0; (offset = CpioReader.SkipZeros(source, offset)) < source.Length;)
        {
            if (segments.Count == MaximumSegments)
            {
                throw new MalformedInputException(Format, offset, $"more than {MaximumSegments} segments");
            }

            InitrdSegment segment = ReadSegment(source, segments.Count, offset, options with { MaximumLength = left });
            left -= segment.Format == CompressionFormat.None ? 0 : segment.Content.Length;
            segments.Add(segment);
            offset += segment.PackedLength;
            CpioReader.ReadInto(Tree, segment.Content);
        }

        Segments = segments.Count > 0 ? segments : throw new MalformedInputException(Format, 0, "there is no archive");
    }

    private InitrdSegment ReadSegment(ByteSource source, int index, long offset, DecompressionOptions options)
    {
        ByteSource rest = source.Slice(offset, source.Length - offset);
        try
        {
            // Linux tells an archive by its first digit, and by where it is.
            if (offset % CpioFormat.Alignment == 0 && rest.ReadBytes(0, 1, Format)[0] == CpioFormat.Magic[0])
            {
                long length = CpioReader.MeasureArchive(rest);
                return new InitrdSegment(index, offset, length, CompressionFormat.None, rest.Slice(0, length));
            }

            if (Decompression.Identify(rest) == CompressionFormat.None)
            {
                throw new MalformedInputException(Format, 0, "neither an archive nor compressed data starts here");
            }

            UnpackedContent unpacked = Decompression.Unpack(rest, options);
            _unpacked.Add(unpacked);
            return new InitrdSegment(index, offset, unpacked.PackedLength, unpacked.Format, unpacked.Content);
        }
        catch (MalformedInputException problem)
        {
            throw problem.At(Format, offset, $"segment {index}: {problem.Format}: ");
        }
    }
}
