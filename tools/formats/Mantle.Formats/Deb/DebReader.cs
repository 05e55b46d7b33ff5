using Mantle.Formats.Bytes;

namespace Mantle.Formats.Deb;

/// <summary>
/// A Debian binary package, format 2.0 (deb(5)): a Unix archive of exactly three members, <c>debian-binary</c>, <c>control.tar</c> and
/// <c>data.tar</c>, in this order, the tars plain or compressed by gzip, xz or zstd. deb(5) lets a reader ignore further members;
/// the archive's packages have none, so here they are refused.
/// </summary>
public sealed partial class DebReader
{
    /// <summary>The longest uncompressed <c>control.tar</c> that is accepted, in bytes (the kernel's, with its checksums, is 0.5 MB).</summary>
    public const int MaximumControlLength = 32 << 20;

    /// <summary>The longest uncompressed <c>data.tar</c> that is accepted, in bytes.</summary>
    public const long MaximumDataLength = 16L << 30;

    private const string Format = "deb";

    private readonly ArMember _control;
    private readonly ArMember _data;

    private DebReader(ArMember control, ArMember data)
    {
        _control = control;
        _data = data;
    }

    /// <summary>Reads the structure of a package; the tars are not decompressed yet.</summary>
    /// <exception cref="MalformedInputException">The bytes are no package of format 2.0.</exception>
    public static DebReader Read(ByteSource deb)
    {
        IReadOnlyList<ArMember> members = ArReader.Read(deb);
        if (members.Count == 0 || members[0].Name != "debian-binary")
        {
            throw new MalformedInputException(Format, 0, "first member is not \"debian-binary\"");
        }

        ByteSource version = members[0].Content;
        if (version.Length != 4 || !version.ToArray().AsSpan().SequenceEqual("2.0\n"u8))
        {
            throw new MalformedInputException(Format, members[0].Offset, "format version is not \"2.0\"");
        }

        ArMember control = Expect(members, 1, "control.tar", deb.Length);
        ArMember data = Expect(members, 2, "data.tar", deb.Length);
        if (members.Count > 3)
        {
            throw new MalformedInputException(Format, members[3].Offset, $"member \"{members[3].Name}\" follows data.tar");
        }

        return new DebReader(control, data);
    }

    /// <summary>Writes the uncompressed <c>data.tar</c> of a package to a stream.</summary>
    /// <exception cref="MalformedInputException">The package or its compressed data is malformed; part of it may have been written.</exception>
    public static void DecompressData(ByteSource deb, Stream destination) => Read(deb).DecompressData(destination);

    /// <summary>Writes the uncompressed <c>data.tar</c> to a stream.</summary>
    /// <exception cref="MalformedInputException">The compressed data is malformed; part of it may have been written.</exception>
    public void DecompressData(Stream destination) => Decompress(_data, destination, MaximumDataLength);

    /// <summary>The uncompressed <c>control.tar</c>.</summary>
    /// <exception cref="MalformedInputException">The compressed data is malformed.</exception>
    public byte[] DecompressControl()
    {
        using MemoryStream tar = new();
        Decompress(_control, tar, MaximumControlLength);
        return tar.ToArray();
    }

    private static ArMember Expect(IReadOnlyList<ArMember> members, int index, string name, long end)
    {
        if (index >= members.Count)
        {
            throw new MalformedInputException(Format, end, $"member \"{name}\" is missing");
        }

        ArMember member = members[index];
        return member.Name.StartsWith(name, StringComparison.Ordinal) && member.Name[name.Length..] is "" or ".gz" or ".xz" or ".zst"
            ? member
            : throw new MalformedInputException(
                Format, member.Offset, $"member {index + 1} is \"{member.Name}\" where {name}, {name}.gz, {name}.xz or {name}.zst should be");
    }
}
