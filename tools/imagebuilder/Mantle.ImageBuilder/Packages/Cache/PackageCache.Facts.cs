using System.Security.Cryptography;
using System.Text;

namespace Mantle.ImageBuilder.Packages;

public sealed partial class PackageCache
{
    private const string FactsPrefix = "facts-";

    /// <summary>
    /// What an earlier run found out about a package and kept under a name; null if there is nothing, or it is damaged or not about this package.
    /// Facts follow from the package's bytes and the code that found them, so the name must carry the version of that code.
    /// </summary>
    internal byte[]? ReadFacts(LockedPackage package, string name)
    {
        byte[] file;
        try
        {
            file = File.ReadAllBytes(UnpackedPath(package, FactsPrefix + name));
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        int end = file.Length - SHA256.HashSizeInBytes;
        return end >= 0 && FactsDigest(package, name, file.AsSpan(0, end)).AsSpan().SequenceEqual(file.AsSpan(end)) ? file[..end] : null;
    }

    /// <summary>Keeps facts about a package for later runs.</summary>
    internal void WriteFacts(LockedPackage package, string name, ReadOnlySpan<byte> facts)
    {
        (string path, Microsoft.Win32.SafeHandles.SafeFileHandle file) = CreateTemporary(package);
        using (file)
        {
            RandomAccess.Write(file, [.. facts, .. FactsDigest(package, name, facts)], 0);
        }

        File.Move(path, UnpackedPath(package, FactsPrefix + name), overwrite: true);
    }

    /// <summary>Binds the facts to the package and the name, so that a file which got to a wrong place says nothing.</summary>
    private static byte[] FactsDigest(LockedPackage package, string name, ReadOnlySpan<byte> facts)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{Key(package)}\0{name}\0"));
        hash.AppendData(facts);
        return hash.GetHashAndReset();
    }
}
