using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Mantle.Testing;

/// <summary>Packages made in memory by other code than ours (System.Formats.Tar), so that they can be wrong in chosen ways.</summary>
public static class DebBuilder
{
    public static readonly DateTimeOffset Epoch = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    /// <summary>A package with one control file and the given entries; gzip keeps it small and quick.</summary>
    public static byte[] Package(string name, params IEnumerable<TarEntry> entries) => Archive(
        ("debian-binary", "2.0\n"u8.ToArray()),
        ("control.tar.gz", Gzip(Tar(Directory("./"), File("./control", $"Package: {name}\nVersion: 1\n")))),
        ("data.tar.gz", Gzip(Tar(entries))));

    public static byte[] Archive(params IEnumerable<(string Name, byte[] Content)> members)
    {
        using MemoryStream archive = new();
        archive.Write("!<arch>\n"u8);
        foreach ((string name, byte[] content) in members)
        {
            string header = string.Create(CultureInfo.InvariantCulture, $"{name,-16}{0,-12}{0,-6}{0,-6}{"100644",-8}{content.Length,-10}`\n");
            archive.Write(Encoding.ASCII.GetBytes(header));
            archive.Write(content);
            archive.Write("\n"u8[..(content.Length % 2)]);
        }

        return archive.ToArray();
    }

    public static byte[] Tar(params IEnumerable<TarEntry> entries)
    {
        using MemoryStream tar = new();
        using (TarWriter writer = new(tar, leaveOpen: true))
        {
            foreach (TarEntry entry in entries)
            {
                writer.WriteEntry(entry);
            }
        }

        // An archive without entries gets no end mark from the writer.
        return tar.Length == 0 ? new byte[1024] : tar.ToArray();
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using MemoryStream compressed = new();
        using (GZipStream gzip = new(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return compressed.ToArray();
    }

    public static TarEntry File(string name, string content, UnixFileMode mode = (UnixFileMode)0b110_100_100) =>
        File(name, Encoding.UTF8.GetBytes(content), mode);

    public static TarEntry File(string name, byte[] content, UnixFileMode mode = (UnixFileMode)0b110_100_100) =>
        new GnuTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content), Mode = mode, ModificationTime = Epoch };

    public static TarEntry Directory(string name) =>
        new GnuTarEntry(TarEntryType.Directory, name) { Mode = (UnixFileMode)0b111_101_101, ModificationTime = Epoch };

    public static TarEntry Symlink(string name, string target) =>
        new GnuTarEntry(TarEntryType.SymbolicLink, name) { LinkName = target, Mode = (UnixFileMode)0b111_111_111, ModificationTime = Epoch };

    public static TarEntry HardLink(string name, string target) =>
        new GnuTarEntry(TarEntryType.HardLink, name) { LinkName = target, ModificationTime = Epoch };
}
