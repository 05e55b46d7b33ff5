using System.Text;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Packages.Debian;

namespace Mantle.ImageBuilder.Packages.Resolution;

/// <summary>Where a field's value lies in an index.</summary>
internal readonly record struct FieldRange(int Start, int Length);

/// <summary>The fields of a package that matter here; a length of zero means absent.</summary>
internal sealed class FieldRanges
{
    public FieldRange Package, Version, Architecture, MultiArch, Essential, Priority;
    public FieldRange Depends, PreDepends, Provides, Conflicts, Breaks, Filename, Size, Sha256;
}

/// <summary>A parsed <c>Packages</c> file: the packages that a suite has for an architecture.</summary>
public sealed class PackageIndex
{
    private const string Format = "packages";
    private readonly ReadOnlyMemory<byte> _text;
    private readonly string _architecture;

    private PackageIndex(string suite, string architecture, ReadOnlyMemory<byte> text) => (Suite, _architecture, _text) = (suite, architecture, text);

    /// <summary>The suite.</summary>
    public string Suite { get; }

    /// <summary>The packages in the order of the file.</summary>
    internal IReadOnlyList<IndexedPackage> Packages { get; private set; } = [];

    /// <summary>Parses an index.</summary>
    /// <param name="suite">Suite that it belongs to.</param>
    /// <param name="architecture">Architecture that it is for.</param>
    /// <param name="text">The decompressed file; kept, not copied.</param>
    /// <exception cref="MalformedInputException">It is not control data, or a package lacks a field that it must have.</exception>
    public static PackageIndex Parse(string suite, string architecture, ReadOnlyMemory<byte> text)
    {
        PackageIndex index = new(suite, architecture, text);
        index.Packages = index.ReadPackages();
        return index;
    }

    /// <summary>The bytes of a field.</summary>
    internal ReadOnlySpan<byte> Bytes(FieldRange range) => _text.Span.Slice(range.Start, range.Length);

    /// <summary>A field as text; the two common architectures cost no allocation.</summary>
    internal string Text(FieldRange range)
    {
        ReadOnlySpan<byte> bytes = Bytes(range);
        return bytes.SequenceEqual("all"u8) ? "all" : bytes.SequenceEqual("amd64"u8) ? "amd64" : Encoding.UTF8.GetString(bytes);
    }

    /// <summary>A relationship field; offsets of errors are those of the file.</summary>
    internal IReadOnlyList<IReadOnlyList<Relation>> Parse(FieldRange range)
    {
        try
        {
            return DependencyParser.Parse(Bytes(range), _architecture);
        }
        catch (MalformedInputException exception)
        {
            throw new MalformedInputException(Format, range.Start + exception.Offset, exception.Problem);
        }
    }

    /// <summary>An error at a field.</summary>
    internal static MalformedInputException Malformed(FieldRange range, string problem) => new(Format, range.Start, problem);

    private List<IndexedPackage> ReadPackages()
    {
        List<IndexedPackage> packages = new(_text.Length / 800); // a paragraph of trixie's main has 820 bytes on average
        ControlReader reader = new(_text.Span, Format);
        FieldRanges? fields = null;
        for (ControlToken token = reader.Read(); token != ControlToken.EndOfFile; token = reader.Read())
        {
            if (token == ControlToken.Field)
            {
                fields ??= new FieldRanges();
                Note(fields, reader);
            }
            else
            {
                packages.Add(Finish(fields!));
                fields = null;
            }
        }

        return packages;
    }

    private static void Note(FieldRanges fields, in ControlReader reader)
    {
        // The length decides first: it tells nearly all the fields that we want from those that we don't.
        ReadOnlySpan<byte> name = reader.Name;
        switch (name.Length)
        {
            case 4 when name.SequenceEqual("Size"u8): Set(ref fields.Size, reader); break;
            case 6 when name.SequenceEqual("SHA256"u8): Set(ref fields.Sha256, reader); break;
            case 6 when name.SequenceEqual("Breaks"u8): Set(ref fields.Breaks, reader); break;
            case 7 when name.SequenceEqual("Package"u8): Set(ref fields.Package, reader); break;
            case 7 when name.SequenceEqual("Version"u8): Set(ref fields.Version, reader); break;
            case 7 when name.SequenceEqual("Depends"u8): Set(ref fields.Depends, reader); break;
            case 8 when name.SequenceEqual("Filename"u8): Set(ref fields.Filename, reader); break;
            case 8 when name.SequenceEqual("Priority"u8): Set(ref fields.Priority, reader); break;
            case 8 when name.SequenceEqual("Provides"u8): Set(ref fields.Provides, reader); break;
            case 9 when name.SequenceEqual("Conflicts"u8): Set(ref fields.Conflicts, reader); break;
            case 9 when name.SequenceEqual("Essential"u8): Set(ref fields.Essential, reader); break;
            case 10 when name.SequenceEqual("Multi-Arch"u8): Set(ref fields.MultiArch, reader); break;
            case 11 when name.SequenceEqual("Pre-Depends"u8): Set(ref fields.PreDepends, reader); break;
            case 12 when name.SequenceEqual("Architecture"u8): Set(ref fields.Architecture, reader); break;
            default: break;
        }
    }

    private static void Set(ref FieldRange range, in ControlReader reader)
    {
        if (range.Start != 0)
        {
            throw new MalformedInputException(Format, reader.FieldStart, $"field \"{Encoding.ASCII.GetString(reader.Name)}\" occurs twice");
        }

        range = new FieldRange(reader.ValueStart, reader.ValueLength);
    }

    private IndexedPackage Finish(FieldRanges fields)
    {
        string name = Text(fields.Package);
        if (!LockedValues.IsPackageName(name))
        {
            throw Malformed(fields.Package, $"\"{name}\" is not a package name");
        }

        string text = Text(fields.Version);
        if (!DebianVersion.TryParse(text, out DebianVersion version))
        {
            throw Malformed(fields.Version, $"\"{text}\" is not a version");
        }

        IndexedPackage package = new(this, fields, name, version);
        return package.Architecture == "all" || package.Architecture == _architecture
            ? package
            : throw Malformed(fields.Architecture, $"package \"{name}\" is for \"{package.Architecture}\" in an index for {_architecture}");
    }
}
